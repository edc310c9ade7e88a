"""The decision digest: one number for everything that was decided."""

from hashlib import sha256
from typing import TYPE_CHECKING

from genesis.domain.canonical import canonical

if TYPE_CHECKING:
    from genesis.engine.step import Step


class DecisionDigest:
    """SHA-256 over outcomes and commands in order.

    Order keys count without their run; sequence numbers, wire ids, wall stamps and marks of
    single ticks are no part of the records, so the same decisions give the same digest in a
    backtest, in the paper service and in a replay.
    """

    def __init__(self) -> None:
        self._hash = sha256()

    def add(self, step: "Step") -> None:
        for record in (*step.outcomes, *step.commands):
            self._hash.update(type(record).__name__.encode())
            self._hash.update(canonical(record, with_run=False).encode("utf-8", "surrogatepass"))
            self._hash.update(b"\n")

    def hexdigest(self) -> str:
        return self._hash.hexdigest()
