"""How ticks, bars and the store show themselves in a notebook."""

from typing import TYPE_CHECKING, Final

import pandas as pd

from genesis.domain.time import SECOND, format_utc
from genesis.research.style import Card, Shown, cards, note, span, table
from genesis.research.tables import shown

if TYPE_CHECKING:
    from genesis.research.bars import Bars
    from genesis.research.store import TickStore
    from genesis.research.ticks import Ticks

_ENDS: Final = 3
SYNTHETIC: Final = "Synthetic: made up, no recorded trade is in it."


def ticks_face(ticks: "Ticks") -> Shown:
    """A few figures, and the first and last prints."""
    if not len(ticks):
        return note(repr(ticks))
    c, known = ticks.columns, ticks.instrument
    price, qty = c.prices * float(c.price_step), c.qtys * float(c.qty_step)
    covered = (int(c.ts_ns[-1]) - int(c.ts_ns[0])) / SECOND
    pace = len(ticks) / max(covered, 1)
    turned = float((price * qty).sum())
    tops = "" if ticks.tops is None else f", {len(ticks.tops.ts_ns):,} book tops"
    above = cards(
        [
            Card(known.symbol, f"{len(ticks):,} trades", _from(int(c.ts_ns[0]))),
            Card("covering", span(covered), f"{pace:,.1f} trades a second{tops}"),
            Card("price", _range(price.min(), price.max()), f"last {price[-1]:,.10g}"),
            Card("traded", f"{qty.sum():,.2f} {known.base}", f"{turned:,.0f} {known.quote}"),
        ]
    )  # fmt: skip
    frame = ticks.between(None, None).frame()
    ends = shown(pd.concat([frame.head(_ENDS), frame.tail(_ENDS)]))
    below = note(f"The first {_ENDS} and the last {_ENDS} prints.")
    return Shown(above.html + ends.html + below.html, repr(ticks))


def bars_face(bars: "Bars") -> Shown:
    """A few figures of the bars."""
    if not len(bars):
        return note(repr(bars))
    c, step = bars.columns, float(bars.columns.price_step)
    first, last = int(c.open_ts_ns[0]), int(c.open_ts_ns[-1])
    low, high = float(c.lows.min()) * step, float(c.highs.max()) * step
    volume = float(c.volumes.sum()) * float(c.qty_step)
    above = cards(
        [
            Card(bars.instrument.symbol, f"{len(bars):,} bars", f"of {span(c.width_ns / SECOND)}"),
            Card("covering", span((last - first + c.width_ns) / SECOND), _from(first)),
            Card("price", _range(low, high), f"last {float(c.closes[-1]) * step:,.10g}"),
            Card("traded", f"{volume:,.2f} {bars.instrument.base}"),
        ]
    )
    return Shown(above.html, repr(bars))


def store_face(store: "TickStore") -> Shown:
    """What is held, and whether any of it is made up."""
    held = store.holdings()
    if not held:
        ways = (
            "`genesis ticks import FILE` adds recorded trades, `TickStore.or_sample()` made-up ones"
        )
        return note(f"The tick store in {store.home} holds nothing yet: {ways}.")
    rows = [
        (
            h.symbol,
            h.kind,
            h.origin,
            h.days,
            h.rows,
            h.size_bytes / 1e6,
            _at(h.first_ns),
            _at(h.last_ns),
        )
        for h in held
    ]
    heads = ["symbol", "kind", "origin", "days", "rows", "MB", "from", "to"]
    made_up = any(h.origin == "synthetic" for h in held)
    return table(
        pd.DataFrame(rows, columns=heads),
        formats={"rows": "{:,}".format, "MB": "{:,.1f}".format},
        caption=f"Ticks in {store.home}. {SYNTHETIC if made_up else ''}".strip(),
    )


def _range(low: float, high: float) -> str:
    return f"{low:,.5g} – {high:,.5g}"


def _from(ts_ns: int) -> str:
    return f"from {_at(ts_ns)}"


def _at(ts_ns: int) -> str:
    return format_utc(ts_ns // SECOND * SECOND).replace("T", " ").removesuffix("Z")
