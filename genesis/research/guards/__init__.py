"""Guards: would the strategy decide the same without the future, from a later start, once more?

A strategy object sees events and a read-only view, so the engine shows it no future. What leaks is
what it was made with (features of the whole series, a maximum of all prices), and what outlives a
run (state in a class or module). The guards run it again and again on data that differ only in
what may not matter, and compare decisions: wishes, outcomes, commands.
"""

from genesis.research.guards.check import check
from genesis.research.guards.findings import Finding
from genesis.research.guards.result import CheckResult

__all__ = ["CheckResult", "Finding", "check"]
