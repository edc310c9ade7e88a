"""Is an engine at work on a home? The lock on its log tells, whatever files a crash left behind."""

from pathlib import Path

from genesis.store.database import DATABASE_NAME
from genesis.store.event_log import LEASE_SUFFIX
from genesis.store.lease import holder


def engine_process(home: Path) -> int | None:
    """The process id of the engine that runs on a home, or None."""
    return holder(home / (DATABASE_NAME + LEASE_SUFFIX))
