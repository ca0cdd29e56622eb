"""HTTP views of accounts."""
