"""Baselines in words, and the run among entries by chance as a picture."""

from typing import TYPE_CHECKING

import pandas as pd
import plotly.graph_objects as go

from genesis.analytics import NoValue
from genesis.errors import UsageError
from genesis.research.luck_figures import histogram
from genesis.research.style import NONE, Card, Shown, cards, note, percent, share, signed, table

if TYPE_CHECKING:
    from genesis.research.beside import Beside

_SURE = 0.05


def lines(found: "Beside") -> list[tuple[str, str]]:
    """(name, text), coverage first."""
    rows = pd.DataFrame(found.table).set_index("run")["return_fraction"]
    run = found.run
    told = ", ".join(
        f"{name} {percent(value)}" for name, value in rows.items() if name != "the run"
    )
    return [
        ("coverage", str(run.coverage)),
        ("run", f"{run.setup.strategy} on {run.setup.symbols}, rules {run.setup.rules}: "
         f"{percent(rows['the run'])}"),
        ("baselines", told),
        ("random entry", _odds(found)),
    ]  # fmt: skip


def face(found: "Beside") -> Shown:
    """For a notebook: coverage, cards, a row per baseline."""
    told = dict(lines(found))
    rows = pd.DataFrame(found.table).set_index("run")["return_fraction"]
    earned, held = float(rows["the run"]), float(rows["buy and hold"])
    above = cards(
        [
            Card("the run", percent(earned), "after its costs", _mood(earned)),
            Card("buy and hold", percent(held), "of all the cash, both fees paid", _mood(held)),
            _chance(found),
        ]
    )
    names = {"run": "", "return_fraction": "return", "low": "from (5 %)", "high": "to (95 %)",
             "fall": "deepest fall", "sharpe": "Sharpe", "in_market": "in market"}  # fmt: skip
    formats = {
        **dict.fromkeys(("return_fraction", "low", "high"), _signed),
        **dict.fromkeys(("fall", "in_market"), _share),
        "sharpe": _number,
    }
    below = table(found.table, names=names, formats=formats)
    parts = (note(f"coverage: {told['coverage']}"), above, below, note(_WORDS))
    plain = "\n".join(f"{name:<16} {text}" for name, text in told.items())
    return Shown("".join(part.html for part in parts), plain)


_WORDS = (
    "Entering by chance trades as often and holds as long, with the same worth and costs a trade, "
    "in a random order at random moments. It tells whether the moments were better than chance, "
    "once: a strategy that was chosen among many has had many chances."
)


def baseline_figure(found: "Beside") -> go.Figure:
    """What entries by chance earned, and the run among them."""
    odds = found.odds
    if isinstance(odds, NoValue):
        raise UsageError(f"there is nothing to draw: {odds.reason}")
    cash = float(found.run.setup.cash)
    title = f"{found.run.setup.strategy} among entries by chance"
    figure = histogram(
        odds.drawn / cash, title, f"p {odds.p_value:.3f}; {found.run.coverage}",
        "return of the same trades at other moments", {"the run": odds.earned / cash},
    )  # fmt: skip
    return figure.update_xaxes(tickformat=".3~%")


def _chance(found: "Beside") -> Card:
    odds = found.odds
    if isinstance(odds, NoValue):
        return Card("beats entries by chance", NONE, odds.reason)
    sure = odds.p_value <= _SURE
    words = f"p {odds.p_value:.3f}, {odds.trades:,} trades drawn {odds.drawn.size:,} times"
    return Card("beats entries by chance", share(odds.beaten_fraction), words, "up" if sure else "")


def _odds(found: "Beside") -> str:
    odds = found.odds
    if isinstance(odds, NoValue):
        return f"{NONE} ({odds.reason})"
    return (
        f"the run beats {share(odds.beaten_fraction)} of {odds.drawn.size:,} draws of its "
        f"{odds.trades:,} trades (p {odds.p_value:.3f})"
    )


def _mood(value: float) -> str:
    return "up" if value > 0 else "down" if value < 0 else ""


def _signed(value: float) -> str:
    return percent(value)


def _share(value: float) -> str:
    return share(value)


def _number(value: float) -> str:
    return signed(value)
