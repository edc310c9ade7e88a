"""`genesis backtest`: a strategy over recorded markets, on the command line."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from genesis.cli.homes import home_of
from genesis.cli.run_options import (
    AsJson,
    BarsFile,
    Cash,
    End,
    HomeFolder,
    MakerBps,
    Params,
    Qty,
    RulebookName,
    Start,
    StrategyName,
    TakerBps,
    TicksFile,
    figures_told,
    markets_of,
    params_of,
)
from genesis.errors import DataError, UsageError

if TYPE_CHECKING:  # heavy: imported when the verb runs
    from genesis.analytics import NoValue
    from genesis.research import BacktestResult, Bars, Ticks
    from genesis.research.coverage import Coverage, Coverages
    from genesis.research.latency_model import LatencyModel

TRADE_COLUMNS: Final = (
    "entry_ts_ns", "exit_ts_ns", "entry_price", "exit_price", "qty", "fee", "pnl", "reason",
)  # fmt: skip
_OWN: Final = "own"


def register(app: typer.Typer) -> None:
    """Add this module's verbs."""
    app.command()(backtest)


def backtest(
    strategy: StrategyName,
    symbol: Annotated[
        str,
        typer.Option(
            help="What to trade: from the tick store (several with commas), or the one in the file."
        ),
    ] = "BTC/USDT",
    start: Start = None,
    end: End = None,
    ticks: TicksFile = None,
    bars: BarsFile = None,
    param: Params = None,
    rules: RulebookName = "sniper",
    fill: Annotated[
        str | None,
        typer.Option(help="next_tick (default), bar_close, book, or next_open (bars)."),
    ] = None,
    queue: Annotated[
        str,
        typer.Option(
            help="Before our resting order: conservative, optimistic, or a share (0 to 1)."
        ),
    ] = "conservative",
    cash: Cash = "500",
    qty: Qty = None,
    stop_fraction: Annotated[
        str | None, typer.Option(help="Protective stop below the entry: 0.02 is two percent.")
    ] = None,
    maker_bps: MakerBps = "10",
    taker_bps: TakerBps = "10",
    latency_ms: Annotated[
        str | None,
        typer.Option(
            metavar="FEED,ENTRY,RESPONSE",
            help="Latency in ms, or `own`: drawn from those of orders in this home's log.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="For jitter; the same seed gives the same run.")] = 0,
    trades: Annotated[
        Path | None, typer.Option(metavar="OUT.csv", help="Write the closed trades here.")
    ] = None,
    home: HomeFolder = None,
    as_json: AsJson = False,
) -> None:
    """Run a strategy over recorded trades through the same engine, gate and rules as live.

    Ticks come from the store (`--symbol`, see `genesis ticks import`) or from a file.
    """
    if trades is not None:
        _check_writable(trades)

    from genesis.research import Fees
    from genesis.research import backtest as run

    markets = markets_of(symbol, ticks, bars, home, start, end)
    params = params_of(param or [])
    with _progress(markets, quiet=as_json) as progress:
        result = run(
            strategy,
            markets,
            start=start,
            end=end,
            params=params,
            rules=rules,
            fill=fill or ("next_open" if bars else "next_tick"),
            queue=queue,
            cash=cash,
            qty=qty,
            stop_fraction=stop_fraction,
            fees=Fees(maker_bps, taker_bps),
            latency=_latency(latency_ms, home),
            seed=seed,
            home=home_of(home),
            progress=progress,
        )
    typer.echo(json.dumps(_plain(result)) if as_json else repr(result))
    if trades is not None:
        _write_trades(result, trades)
        if not as_json:
            typer.echo(f"trades           {len(result.trades)} rows written to {trades}")


def _latency(
    text: str | None, home: Path | None
) -> "LatencyModel | NoValue | tuple[int, int, int] | None":
    if text is None:
        return None
    if text == _OWN:
        from genesis.research import fit_execution

        return fit_execution(home_of(home)).latency
    try:
        feed, entry, response = (int(part) for part in text.split(","))
    except ValueError as wrong:
        raise UsageError(
            f"--latency-ms {text!r} is not three whole numbers such as 10,20,10, or own"
        ) from wrong
    return feed, entry, response


@contextmanager
def _progress(
    markets: "Sequence[Ticks | Bars]", *, quiet: bool
) -> Iterator[Callable[[int], None] | None]:
    """A bar over the markets' time, on a terminal only."""
    held = [market for market in markets if len(market)]
    if quiet or not sys.stderr.isatty() or not held:
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    spans = [_span(market) for market in held]
    first, last = min(span[0] for span in spans), max(span[1] for span in spans)
    named = ", ".join(market.instrument.symbol for market in held)
    with Progress(console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(named, total=last - first)
        yield lambda now_ns: shown.update(task, completed=now_ns - first)


def _span(market: "Ticks | Bars") -> tuple[int, int]:
    """UTC ns of its first and last row."""
    stamps = getattr(market.columns, "ts_ns", None)
    if stamps is None:
        stamps = market.columns.open_ts_ns  # type: ignore[union-attr]
    return int(stamps[0]), int(stamps[-1])


def _check_writable(path: Path) -> None:
    """A run may take long: what cannot be written in the end is refused at the start."""
    if path.is_dir():
        raise UsageError(f"trades cannot be written to {path}: it is a folder, name a file")
    if not path.parent.is_dir():
        raise UsageError(f"trades cannot be written to {path}: there is no folder {path.parent}")


def _write_trades(result: "BacktestResult", path: Path) -> None:
    is_new = not path.exists()
    try:
        result.trades[list(TRADE_COLUMNS)].to_csv(path, index=False)
    except OSError as failed:
        if is_new and path.exists():
            path.unlink()
        reason = failed.strerror or str(failed)
        raise DataError(f"trades cannot be written to {path}: {reason}") from failed


def _plain(result: "BacktestResult") -> dict[str, Any]:
    setup = result.setup
    return {
        "strategy": setup.strategy,
        "symbol": setup.symbols,
        "rules": setup.rules,
        "fill": setup.fill,
        "queue": setup.queue,
        "cash": str(setup.cash),
        "seed": setup.seed,
        "coverage": _covered(result.coverage),
        **figures_told(result.metrics),
        "open_positions": len(result.positions),
        "fees": {asset: str(amount) for asset, amount in sorted(result.fees.items())},
        "refusals": dict(sorted(Counter(result.refusals["code"]).items())),
        "decision_digest": result.decision_digest,
    }


def _covered(told: "Coverage | Coverages") -> dict[str, Any]:
    """Of several symbols, by symbol."""
    from genesis.research.coverage import Coverages

    if isinstance(told, Coverages):
        each = zip(told.symbols, told.each, strict=True)
        return {symbol: _covered(one) for symbol, one in each}
    return {
        "kind": told.kind,
        "rows": told.rows,
        "first_ns": told.first_ns,
        "last_ns": told.last_ns,
        "longest_gap_s": told.longest_gap_s,
        "covered_fraction": told.covered_fraction,
        "missing": told.missing,
        "holes": told.holes,
        "outages": [asdict(outage) for outage in told.outages],
    }
