"""The demo: a market, a paper engine, and a trader who loses his calm."""
