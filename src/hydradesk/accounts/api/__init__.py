"""HTTP views of accounts. Thin: translate, call the service, translate back."""
