"""TIERS: what the trader has unlocked. A fold of facts; nothing sets a tier."""
