"""A walk forward in words: what it rests on, what was judged, what was promised."""

from collections import Counter
from typing import TYPE_CHECKING, Final

import pandas as pd

from genesis.analytics import NoValue
from genesis.domain.time import DAY, SECOND, format_utc
from genesis.research.measured import Metric
from genesis.research.style import (
    NONE,
    Card,
    Format,
    Shown,
    cards,
    note,
    percent,
    share,
    span,
    table,
)
from genesis.research.tables import MOST_ROWS

if TYPE_CHECKING:
    from genesis.research.walked import Walked

CARRIES: Final = 0.5
"""An efficiency from here on is usually called sound (Pardo 2008)."""
_DATES: Final = 16


def lines(found: "Walked") -> list[tuple[str, str]]:
    """(name, text), coverage first."""
    m, counted = found.metrics, found.counted
    symbol = found.market.instrument.symbol
    setup = found.steps[0].judged.setup
    tried = sum(step.trials for step in found.steps)
    return [
        ("coverage", str(found.coverage)),
        ("windows", cut(found)),
        ("run", f"{found.strategy} on {symbol}, rules {setup.rules}, fill {setup.fill}; the "
         f"{found.choose} by {found.metric} of {found.steps[0].trials:,} in each window"),
        ("judged", f"return {percent(m['return_fraction'])} in {m['trades']:,} trades, "
         f"deepest fall {share(m['drawdown_fraction'])}; buy and hold "
         f"{percent(m['hold_fraction'])} meanwhile"),
        ("ratios", f"Sharpe of days {_number(m['sharpe'])}; odds that the true one is above 0: "
         f"{_share(m['psr'])}"),
        ("efficiency", efficiency(found)),
        ("chosen", steadiness(found)),
        ("trials", f"{tried:,} here; {counted.trials:,} different ones of {found.strategy} on "
         f"{symbol} ever, in {counted.runs:,} runs; {counted.peeks:,} saw data held out, "
         f"{len(found):,} of them here"),
    ]  # fmt: skip


def cut(found: "Walked") -> str:
    """How the market was cut."""
    asked = found.lengths
    kind = "anchored: all since the beginning, at first" if found.anchored else "rolling:"
    left = f"; {_long(found.left_ns)} at the end fill no window" if found.left_ns else ""
    return (
        f"{len(found):,}, {kind} {_long(asked.train_ns)} choose, {_long(asked.test_ns)} judge, "
        f"purge {_long(asked.purge_ns)}, embargo {_long(asked.embargo_ns)}{left}"
    )


def efficiency(found: "Walked") -> str:
    """Efficiency in words."""
    value = found.efficiency
    if isinstance(value, NoValue):
        return f"{NONE} ({value.reason})"
    return (
        f"{value:.2f}".replace("-", "−")
        + f": of each unit that was promised; {_won(found)} earned at all"
    )


def steadiness(found: "Walked") -> str:
    """How often each parameter changed its value from window to window."""
    told = []
    for name in found.axes:
        values = [step.params[name] for step in found.steps]
        usual, times = Counter(map(str, values)).most_common(1)[0]
        told.append(f"{name} {usual} in {times} of {len(values)}")
    return ", ".join(told)


def face(found: "Walked") -> Shown:
    """For a notebook: coverage, cards, the windows."""
    told = dict(lines(found))
    words = ("run", "windows", "ratios", "trials")
    parts = (
        note(f"coverage: {told['coverage']}"),
        overview(found),
        steps_table(found, MOST_ROWS),
        note("\n".join(f"{name}: {told[name]}" for name in words)),
    )
    plain = "\n".join(f"{name:<16} {text}" for name, text in told.items())
    return Shown("".join(part.html for part in parts), plain)


def overview(found: "Walked") -> Shown:
    """The figures that count, as cards."""
    m, earned = found.metrics, found.final_fraction
    kept, words, mood = _kept(found.efficiency)
    return cards(
        [
            Card("judged return", percent(earned),
                 f"buy and hold {percent(m['hold_fraction'])} meanwhile",
                 "up" if earned > 0 else "down" if earned < 0 else ""),
            Card("efficiency", kept, words, mood),
            Card("windows that earned", f"{m['won_windows']} of {len(found)}",
                 f"{m['trades']:,} trades, deepest fall {share(m['drawdown_fraction'])}"),
            Card("true Sharpe above 0", _share(m["psr"]), "odds, for one walk; see the trials"),
        ]
    )  # fmt: skip


def _kept(value: float | NoValue) -> tuple[str, str, str]:
    """An efficiency, what it says, and its mood."""
    if isinstance(value, NoValue):
        return NONE, value.reason, ""
    mood = "up" if value >= CARRIES else "down" if value <= 0 else ""
    return f"{value:.2f}".replace("-", "−"), "kept of each unit promised a day", mood


def steps_table(found: "Walked", most: int) -> Shown:
    """One row per window."""
    rows = pd.DataFrame(found.table)
    words = "Promised and kept are returns a day, before and after the choice was made."
    if len(rows) > most:
        words += f" The first {most // 2} and the last {most // 2} of {len(rows):,}."
        rows = pd.concat([rows.head(most // 2), rows.tail(most // 2)])
    names = {"window": "", "train_from_ns": "chosen from", "train_to_ns": "to",
             "test_from_ns": "judged from", "test_to_ns": "until",
             **{name: name for name in found.axes},
             "promised_per_day": "promised", "kept_per_day": "kept", "kept_fraction": "in all",
             "trades": "trades"}  # fmt: skip
    times = [name for name in names if name.endswith("_ns")]
    formats: dict[str, Format] = dict.fromkeys(times, _moment)
    formats |= dict.fromkeys(("promised_per_day", "kept_per_day", "kept_fraction"), _signed)
    rows = rows.astype(dict.fromkeys(times, object))
    return table(rows, names=names, formats=formats, caption=words)


def _won(found: "Walked") -> str:
    return f"{found.metrics['won_windows']} of {len(found)} windows"


def _signed(value: float) -> str:
    return percent(value)


def _moment(value: int) -> str:
    return format_utc(int(value))[:_DATES].replace("T", " ")


def _long(length_ns: int) -> str:
    if length_ns >= DAY:
        return f"{length_ns / DAY:.4g} d"
    return span(length_ns / SECOND).removesuffix(" 0 s") if length_ns else "0"


def _share(value: Metric) -> str:
    return NONE if isinstance(value, NoValue) else share(value)


def _number(value: Metric) -> str:
    if isinstance(value, NoValue):
        return f"{NONE} ({value.reason})"
    return f"{value:,.2f}".replace("-", "−")
