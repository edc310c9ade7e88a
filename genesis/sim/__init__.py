"""The simulated exchange and the backtest driver. Pure.

`venue` is the exchange itself: balances, orders, filters, fees and matching against a recorded
market. `driver` runs the engine over recorded ticks against it; the loopback exchange
(`genesis.exchange.loopback`) puts Binance's protocol around it.
"""
