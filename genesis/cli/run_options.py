"""Options that several verbs share: which strategy on which data, under what."""

from pathlib import Path
from typing import Annotated

import typer

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
