"""What accounts does."""
