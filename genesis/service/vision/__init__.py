"""Binance's public archive of trades, fetched and imported: `genesis ticks fetch`.

    plan (which files) -> download (checksum, resume, patience) -> import into the tick store

Layout, as the archive documents it (github.com/binance/binance-public-data): zip files under
`data/spot/daily|monthly/trades|aggTrades/SYMBOL/`, each with a `.CHECKSUM` beside it.
"""
