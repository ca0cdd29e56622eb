"""Places approved orders, books what venues report, settles what is unknown."""
