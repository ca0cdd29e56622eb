"""Guardian: Intent in, Approved or Refused out."""
