"""A sweep in words: what it rests on, how many trials there ever were, what stands out."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from genesis.research.style import NONE, Card, Shown, cards, note
from genesis.research.sweep_figures import LOWER_IS_BETTER
from genesis.research.tables import shown

if TYPE_CHECKING:
    from genesis.research.swept import Swept

_ROWS = 6
_SHARES = ("return_fraction", "drawdown_fraction")


def lines(result: "Swept") -> list[tuple[str, str]]:
    """(name, text), coverage first."""
    ran, counted = result.ran, result.counted
    best, steady, metric = result.best, result.steadiest(), ran.metric
    symbol = ran.bench.market.instrument.symbol
    refused = f"; {result.left_out:,} combinations refused by the parameters" * bool(
        result.left_out
    )
    how = f"engine only: {result.why_engine}" if result.why_engine else str(result.parity)
    return [
        ("coverage", str(result.coverage)),
        ("trials", f"{len(result):,} here; {counted.trials:,} different ones of "
         f"{ran.task.kind.name} on {symbol} ever, in {counted.runs:,} runs; "
         f"{counted.peeks:,} saw data held out"),
        ("search", f"{ran.search} over {' x '.join(ran.space.names)}, rules "
         f"{ran.asked.book.name}, fill {ran.asked.fill}{refused}"),
        ("parity", how),
        ("best", f"{_named(result, best)}: {metric} {_told(metric, best[metric])}, "
         f"{best['trades']:,} trades"),
        ("steadiest", f"{_named(result, steady)}: {metric} {_told(metric, steady[metric])}, "
         "by the median of its neighbours"),
        ("all trials", _spread(result)),
    ]  # fmt: skip


def face(result: "Swept") -> Shown:
    """For a notebook: coverage, cards, the best few rows."""
    told, metric = dict(lines(result)), result.ran.metric
    best, steady, counted = result.best, result.steadiest(), result.counted
    above = cards(
        [
            Card("trials ever", f"{counted.trials:,}", f"{len(result):,} in this sweep, "
                 f"{counted.peeks:,} peeks at data held out"),
            Card(f"best {_said(metric)}", _told(metric, best[metric]),
                 f"{_named(result, best)}; the best of many is partly luck"),
            Card("steadiest", _told(metric, steady[metric]),
                 f"{_named(result, steady)}, by its neighbours"),
            Card("middle trial", _told(metric, result.table[metric].median()),
                 "half of the trials did worse"),
        ]
    )  # fmt: skip
    top = result.table.sort_values(metric, ascending=metric in LOWER_IS_BETTER, kind="stable")
    table = shown(pd.DataFrame(top.head(_ROWS)))
    below = note("\n".join(f"{name}: {told[name]}" for name in ("search", "parity", "all trials")))
    first = note(f"coverage: {told['coverage']}")
    html = first.html + above.html + table.html + below.html
    return Shown(html, "\n".join(f"{name:<16} {text}" for name, text in told.items()))


def _named(result: "Swept", row: "pd.Series[Any]") -> str:
    return ", ".join(f"{name} {row[name]}" for name in result.ran.space.names)


def _spread(result: "Swept") -> str:
    metric = result.ran.metric
    low, middle, high = result.table[metric].quantile([0.05, 0.5, 0.95])
    return (
        f"{metric} from {_told(metric, low)} (5 %) over {_told(metric, middle)} (half) to "
        f"{_told(metric, high)} (95 %)"
    )


def _said(metric: str) -> str:
    return metric.removesuffix("_fraction").removesuffix("_usdt").replace("_", " ")


def _told(metric: str, value: float) -> str:
    if value != value:
        return NONE
    told = f"{value:.2%}" if metric in _SHARES else f"{value:,.3g}"
    return told.replace("-", "−")
