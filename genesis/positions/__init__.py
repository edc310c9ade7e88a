"""POSITIONS: fills to positions and money."""
