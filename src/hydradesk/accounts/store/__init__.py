"""The accounts room's tables."""
