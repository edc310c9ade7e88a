"""What the files of a home tell of its account, read without opening the home."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from genesis.domain.events import AccountOpened, FlowReported, RunStarted
from genesis.errors import EventLogError
from genesis.exchange.flows import fenced_after
from genesis.service.home import Home
from genesis.service.second_log import SecondLog
from genesis.store.codec import decode
from genesis.store.database import DATABASE_NAME, MEANWHILE, Database
from genesis.store.reader import LogReader


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """Each part, or why it is not known.

    symbols: of the last run. fenced: what was held before the account was opened. is_paper: None
    where nothing tells.
    """

    symbols: tuple[str, ...] | str
    fenced: Mapping[str, Decimal] | str
    is_paper: bool | None = None


def read_account(home: Path) -> AccountRecord:
    """Read by kind: a row that was changed elsewhere hides nothing."""
    path = home / DATABASE_NAME
    try:
        database = Database.open(path, read_only=True)
    except EventLogError as problem:
        told = problem.message.removesuffix(MEANWHILE)  # it is what is being done
        return AccountRecord(told, told)
    try:
        reader = LogReader(database)
        symbols = _symbols(reader)
        try:
            told_of_account = _told(reader, home)
        except EventLogError as problem:
            return AccountRecord(symbols, problem.message)
    finally:
        database.close()
    return _account(symbols, told_of_account, path)


def _symbols(reader: LogReader) -> tuple[str, ...] | str:
    """Its row need not be sound: what is sold of a symbol is decided by the fence."""
    try:
        rows = reader.recent(1, kind=RunStarted.__name__)
        started = [decode(row.kind, row.v, row.body) for row in rows]
    except EventLogError as problem:
        return problem.message
    return tuple(symbol for one in started for symbol in one.symbols)


def _told(reader: LogReader, home: Path) -> list[Any]:
    """The opening and the flows since, and behind them those that only the plain log has."""
    rows = reader.of_kinds((AccountOpened.__name__, FlowReported.__name__))
    logged = [decode(row.kind, row.v, row.body) for row in rows]
    known = {_name(one) for one in logged if isinstance(one, FlowReported)}
    plain = [step.event for step in SecondLog(Home(home).second_log_file).read()]
    return logged + [
        one for one in plain if isinstance(one, FlowReported) and _name(one) not in known
    ]


def _name(flow: FlowReported) -> tuple[str, str, Decimal]:
    """Behind a break of the log it may have been told again."""
    return flow.ref, flow.asset, flow.amount


def _account(symbols: tuple[str, ...] | str, told: list[Any], path: Path) -> AccountRecord:
    opened = [one for one in told if isinstance(one, AccountOpened)]
    if not opened:
        return AccountRecord(symbols, f"{path}: no account was opened here")
    fenced = {held.asset: held.total for held in opened[0].ring_fenced}
    for one in told:
        if isinstance(one, FlowReported):
            fenced = fenced_after(fenced, one)
    return AccountRecord(symbols, fenced, opened[0].is_paper)
