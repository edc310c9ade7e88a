"""Everything between a command of the engine and the venue's truth.

`gateway` says what the service may ask of a venue, `binance` answers it through ccxt, `streams`
and `user_stream` bring the live events, `resolve` settles what nobody knows, `reconcile` compares
our books with the venue's, and `loopback` is a Binance-compatible venue on 127.0.0.1.
"""
