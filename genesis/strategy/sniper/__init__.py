"""Strategies a SNIPER may use."""
