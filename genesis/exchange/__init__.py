"""Everything between a command of the engine and the venue's truth.

`gateway` says what the service may ask of a venue, `binance` answers it through ccxt, and `bybit`
for a second one; `dialect` is what differs between them, `reach` which hosts may be reached.
`streams` and `user_stream` bring the live events, `resolve` settles what nobody knows, `reconcile`
compares our books with the venue's, and `loopback` is a Binance-compatible venue on 127.0.0.1.
"""
