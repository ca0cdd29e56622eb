"""What the accounts room does."""
