"""Strategies a STRATEGIST may use."""
