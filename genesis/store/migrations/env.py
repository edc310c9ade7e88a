"""Alembic's entry: the migrations run on the connection (and in the transaction) they are given."""

from alembic import context

from genesis.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,  # the caller's transaction holds all of it
)
context.run_migrations()
