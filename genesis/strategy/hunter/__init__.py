"""Strategies a HUNTER may use."""
