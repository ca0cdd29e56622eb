"""Sources vote; fusion makes one explained Signal."""
