"""What accounts needs from others."""
