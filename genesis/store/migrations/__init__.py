"""Schema migrations, run by `genesis.store.database` when a database is opened for writing."""
