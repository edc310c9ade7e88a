"""Counting: every run that gave a result leaves a row in the trial ledger, good or bad."""

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import fields, is_dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, ParamSpec

import numpy as np

from genesis.domain.orders import Side
from genesis.research.since import Since
from genesis.research.strategies import FixedQty
from genesis.service.clock import wall_ns
from genesis.service.home import resolve_home
from genesis.sim.columns import BarColumns, TickColumns
from genesis.store.trials import Trial, TrialLedger

if TYPE_CHECKING:
    from genesis.research.result import BacktestResult

_Asked = ParamSpec("_Asked")
_counts: ContextVar[bool] = ContextVar("counts", default=True)
METRIC: Final = "return_fraction"
"""What is kept of a single backtest."""

_WHOLE_ROWS: Final = 1 << 16
_BLOCK: Final = 512
_BLOCKS: Final = 64
_APART: Final = frozenset(
    {
        "strategy",
        "data",
        "params",
        "start",
        "end",
        "home",
        "progress",
        "rules",
        "every_tick",
        "call_s",
    }
)
"""What the row tells elsewhere, or what changes no decision."""


@contextmanager
def uncounted() -> Iterator[None]:
    """Runs inside are counted by whoever asked for them, not one by one."""
    token = _counts.set(False)
    try:
        yield
    finally:
        _counts.reset(token)


def counted(
    run: "Callable[_Asked, BacktestResult]",
) -> "Callable[_Asked, BacktestResult]":
    """`backtest`, leaving one row per run in the trial ledger of its `home`.

    Raises:
        ConfigError: the ledger cannot be written; the run is not given then.
    """

    known = inspect.signature(run)

    @functools.wraps(run)
    def counting(*args: _Asked.args, **kwargs: _Asked.kwargs) -> "BacktestResult":
        result = run(*args, **kwargs)
        if _counts.get():
            asked = known.bind(*args, **kwargs)
            asked.apply_defaults()
            _count(run, result, asked.arguments)
        return result

    return counting


def ledger_of(home: str | Path | None) -> TrialLedger:
    """The ledger of a home (None: as the command line finds it)."""
    return TrialLedger(resolve_home(None if home is None else Path(home)))


def now_ns() -> int:
    """When a trial was made, for its row."""
    return wall_ns()


def _count(run: Callable[..., Any], result: "BacktestResult", asked: Mapping[str, Any]) -> None:
    """One row for each strategy and symbol of the run."""
    told, value, when = conditions_told(run, asked), return_fraction(result), now_ns()
    rules = sha256(result.setup.rules_text.encode()).hexdigest()
    rows = []
    for trader in result.setup.traders:
        inner = trader
        while isinstance(inner, FixedQty | Since):
            inner = inner.inner
        for market in result.markets:
            first, last = stamps_of(market)
            row = Trial(
                ts_ns=when,
                strategy=inner.name,
                code_hash=code_hash(type(inner)),
                symbol=market.instrument.symbol,
                data_hash=data_hash(market),
                first_ns=first,
                last_ns=last,
                params=plain_params(getattr(inner, "params", None)),
                conditions=told,
                rules_hash=rules,
                metric=METRIC,
                value=value,
                kind="engine",
                sweep="",
            )
            rows.append(row)
    ledger_of(asked["home"]).record(rows)


def stamps_of(columns: TickColumns | BarColumns) -> tuple[int, int]:
    """UTC ns of the first and the last row."""
    times = columns.open_ts_ns if isinstance(columns, BarColumns) else columns.ts_ns
    return int(times[0]), int(times[-1])


def conditions_told(run: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, str]:
    """The arguments of `run` (a backtest) in words, those not given as they are by default.

    The span and the rules are left out: the row has stamps and a hash of their own for them.
    """
    return {name: str(given.get(name, value)) for name, value in _usual(run).items()}


@functools.cache
def _usual(run: Callable[..., Any]) -> dict[str, Any]:
    known = inspect.signature(run).parameters
    return {name: known[name].default for name in sorted(known) if name not in _APART}


def plain_params(params: object) -> dict[str, Any]:
    """Parameters as a flat record: whole numbers and flags as they are, all else as text."""
    if params is None:
        return {}
    if is_dataclass(params) and not isinstance(params, type):
        given: Mapping[str, Any] = {one.name: getattr(params, one.name) for one in fields(params)}
    else:
        given = params if isinstance(params, Mapping) else {"params": params}
    return {k: v if isinstance(v, bool | int) else str(v) for k, v in given.items()}


def return_fraction(result: "BacktestResult") -> float:
    """Last value of the account over its cash, less 1: from the fills alone, so it costs little."""
    cash = quote = float(result.setup.cash)
    bases = {one.symbol: one.base for one in result.setup.instruments}
    held = dict.fromkeys(bases, 0.0)
    for event in result.executions:
        fill = event.fill
        qty = float(fill.qty) if fill.side is Side.BUY else -float(fill.qty)
        in_base = fill.fee_asset == bases[fill.symbol]
        held[fill.symbol] += qty - (float(fill.fee) if in_base else 0.0)
        quote -= qty * float(fill.price) + (0.0 if in_base else float(fill.fee))
    worth = sum(qty * float(result.last_prices[symbol]) for symbol, qty in held.items())
    return (quote + worth) / cash - 1.0


# -- hashes ----------------------------------------------------------------------------------
def data_hash(columns: TickColumns | BarColumns) -> str:
    """What data it was: SHA-256 of symbol, steps, count and rows.

    Of up to 65,536 rows every one counts; of more, the first, the last and 62 blocks of 512 rows
    evenly spread between them: it names the data in a millisecond, and proves nothing.
    """
    if isinstance(columns, BarColumns):
        c = columns
        parts: Sequence[Any] = (c.open_ts_ns, c.opens, c.highs, c.lows, c.closes, c.volumes)
    else:
        parts = (columns.ts_ns, columns.prices, columns.qtys, columns.buyer_is_maker)
    rows = len(columns)
    head = (columns.instrument.symbol, columns.price_step, columns.qty_step, rows)
    digest = sha256(repr(tuple(map(str, head))).encode())
    for part in parts:
        for start in _starts(rows):
            end = rows if rows <= _WHOLE_ROWS else start + _BLOCK
            digest.update(np.ascontiguousarray(part[start:end]).tobytes())
    return digest.hexdigest()


def _starts(rows: int) -> list[int]:
    if rows <= _WHOLE_ROWS:
        return [0]
    return [(rows - _BLOCK) * i // (_BLOCKS - 1) for i in range(_BLOCKS)]


def code_hash(kind: Any) -> str:
    """See `_code_hash`; empty where the strategy is not known by a class."""
    return _code_hash(kind) if isinstance(kind, type) else ""


@functools.lru_cache(maxsize=64)
def _code_hash(kind: type) -> str:
    """SHA-256 of the source a strategy class was written in: its file, else the class as typed."""
    try:
        file = inspect.getsourcefile(kind)
        if file is not None and Path(file).is_file():
            return sha256(Path(file).read_bytes()).hexdigest()
        return sha256(inspect.getsource(kind).encode()).hexdigest()
    except (OSError, TypeError):  # there is no source: the name is all that is known
        return sha256(f"{kind.__module__}.{kind.__qualname__}".encode()).hexdigest()
