"""EXECUTION: from approved wishes to orders, and the stop of every position."""
