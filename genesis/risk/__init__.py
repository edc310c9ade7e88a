"""RISK: how large, and when not at all."""
