"""Options that several verbs share: which strategy on which data, under what; and their meaning."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from genesis.cli.homes import home_of
from genesis.errors import UsageError

if TYPE_CHECKING:  # heavy: imported when the verb runs
    from genesis.research import Bars, Ticks
    from genesis.research.measured import Metric

StrategyName = Annotated[str, typer.Argument(help="Name of a strategy, such as sma_cross.")]
Start = Annotated[
    str | None, typer.Option(help="Begin here (UTC), such as 2024-08-08 or 2024-08-08T12:00.")
]
End = Annotated[str | None, typer.Option(help="End before this moment (UTC).")]
TicksFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Parquet with ts_ns, price, qty, is_buyer_maker, optionally trade_id.",
    ),
]
BarsFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Parquet with ts_ns, open, high, low, close, volume."),
]
Params = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=VALUE", help="A parameter of the strategy; may be repeated."),
]
RulebookName = Annotated[
    str, typer.Option(help="Rulebook: sniper, research (permissive), or a .toml file.")
]
Cash = Annotated[str, typer.Option(help="Starting amount of quote currency.")]
Qty = Annotated[str | None, typer.Option(help="Base quantity per entry; default: the gate sizes.")]
MakerBps = Annotated[str, typer.Option(help="Maker fee in basis points.")]
TakerBps = Annotated[str, typer.Option(help="Taker fee in basis points.")]
HomeFolder = Annotated[
    Path | None, typer.Option(help="The home folder; default: GENESIS_HOME, or `data/`.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value.")]


def markets_of(
    symbol: str,
    ticks: Path | None,
    bars: Path | None,
    home: Path | None,
    start: str | None,
    end: str | None,
    width: str = "1m",
) -> "list[Ticks | Bars]":
    """The data a verb runs on: one file, or symbols (several with commas) of the tick store.

    Raises:
        UsageError: two files, or several symbols of one file.
    """
    if ticks is not None and bars is not None:
        raise UsageError("give --ticks or --bars, not both")
    symbols = [one.strip() for one in symbol.split(",")]
    file = ticks or bars
    if file is not None and len(symbols) > 1:
        raise UsageError(f"{file} holds one symbol, not {symbol}: several come from the tick store")
    if ticks is not None:
        from genesis.research.files import read_ticks

        return [read_ticks(ticks, symbol)]
    if bars is not None:
        from genesis.research.files import read_bars

        return [read_bars(bars, symbol, width)]
    from genesis.research import TickStore

    store = TickStore(home_of(home))
    return [store.ticks(one, start, end) for one in symbols]


def params_of(given: list[str]) -> dict[str, object]:
    """Parameters as they are typed: NAME=VALUE each.

    Raises:
        UsageError: not of that form, or one is given twice.
    """
    params: dict[str, object] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"--param {text!r} is not NAME=VALUE, such as fast=10")
        if name.strip() in params:
            raise UsageError(f"--param {name.strip()} is given twice: give it once")
        params[name.strip()] = value.strip()
    return params


def figures_told(metrics: "Mapping[str, Metric]") -> dict[str, Any]:
    """Figures for JSON: `metrics`, null where there is none, and `no_value`, which says why."""
    known = {name: value for name, value in metrics.items() if isinstance(value, int | float)}
    return {
        "metrics": {name: known.get(name) for name in metrics},
        "no_value": {
            name: value.reason
            for name, value in metrics.items()
            if not isinstance(value, int | float)
        },
    }
