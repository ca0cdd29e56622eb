"""What accounts does: sign in, prove again, link and unlink."""
