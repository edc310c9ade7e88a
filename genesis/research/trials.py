"""The trial ledger for notebooks: every run there ever was, and what is kept back from all of them.

How good the best of N trials looks by luck alone depends on N: so N is counted by the code that
makes the trials, never by who reports them.
"""

import json
from pathlib import Path

import pandas as pd

from genesis.errors import UsageError
from genesis.research.counting import ledger_of, now_ns
from genesis.research.setup import Moment, span_ns
from genesis.research.tables import Table
from genesis.store.trials import Counted
from genesis.wire.symbols import parse_symbol

_SHOWN = (
    "ts_ns", "strategy", "symbol", "params", "metric", "value", "kind", "sweep", "first_ns",
    "last_ns", "conditions", "rules_hash", "code_hash", "data_hash",
)  # fmt: skip


def trials(
    strategy: str | None = None, symbol: str | None = None, home: str | Path | None = None
) -> pd.DataFrame:
    """The rows of the ledger, oldest first; of one strategy or symbol where named.

    params and conditions are dicts; `kind` is screen, engine, or holdout for a run that saw data
    held out.
    """
    rows = ledger_of(home).rows()
    found = [
        {**row, "params": json.loads(row["params"]), "conditions": json.loads(row["conditions"])}
        for row in rows
        if (strategy is None or row["strategy"] == strategy)
        and (symbol is None or row["symbol"] == parse_symbol(symbol))
    ]
    return Table(found, columns=list(_SHOWN))


def trial_count(
    strategy: str,
    symbol: str,
    start: Moment | None = None,
    end: Moment | None = None,
    home: str | Path | None = None,
) -> Counted:
    """How many trials of a strategy a symbol has seen, in spans that overlap [start, end).

    Another window or a cleaned copy of the same market starts no new count: what was learned from
    one is known in the other.
    """
    first, last = span_ns(start, end)
    span = (first or 0, (last or 2**63 - 1) - (last is not None))
    return ledger_of(home).count(strategy, parse_symbol(symbol), span)


def hold_out(symbol: str, start: Moment, end: Moment, home: str | Path | None = None) -> None:
    """Keep a span of a symbol for the end: from now on each run that sees it counts as a peek.

    It cannot be taken back. Raises UsageError where no time lies between start and end.
    """
    first, last = span_ns(start, end)
    if first is None or last is None:
        raise UsageError("a span that is held out needs start and end")
    ledger_of(home).hold_out(parse_symbol(symbol), first, last - 1, now_ns())
