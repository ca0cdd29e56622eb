"""What accounts needs from outside. Wired in hydradesk.app.people."""
