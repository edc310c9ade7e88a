"""MARKET DATA: what is known of each symbol."""
