"""The flow itself: one event in, decisions and requests out."""
