"""How ticks, bars and the store show themselves in a notebook."""

from collections.abc import Sequence
from math import floor, log10
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from genesis.domain.time import SECOND, format_utc
from genesis.research.style import Card, Shown, cards, note, span, table
from genesis.research.tables import shown
from genesis.sim.columns import BarColumns, TickColumns
from genesis.store.ticks import Holding

_ENDS: Final = 3
SYNTHETIC: Final = "Synthetic: made up, no recorded trade is in it."


def ticks_face(c: TickColumns, tops: int | None, plain: str) -> Shown:
    """A few figures, and the first and last prints. tops: how many book tops lie beside them."""
    if not len(c):
        return note(plain)
    known = c.instrument
    price, qty = c.prices * float(c.price_step), c.qtys * float(c.qty_step)
    covered = (int(c.ts_ns[-1]) - int(c.ts_ns[0])) / SECOND
    pace = len(c) / max(covered, 1)
    turned = float((price * qty).sum())
    beside = "" if tops is None else f", {tops:,} book tops"
    above = cards(
        [
            Card(known.symbol, _many(len(c), "trade"), _from(int(c.ts_ns[0]))),
            Card("covering", span(covered), f"{pace:,.1f} trades a second{beside}"),
            Card("price", _range(price.min(), price.max()), f"last {price[-1]:,.10g}"),
            Card("traded", f"{qty.sum():,.2f} {known.base}", f"{turned:,.0f} {known.quote}"),
        ]
    )  # fmt: skip
    ends = shown(_prints(c, np.r_[:_ENDS, -_ENDS:0] if len(c) > 2 * _ENDS else np.arange(len(c))))
    words = f"The first {_ENDS} and the last {_ENDS} prints." if len(c) > 2 * _ENDS else ""
    return Shown(above.html + ends.html + note(words).html, plain)


def _prints(c: TickColumns, rows: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> pd.DataFrame:
    data = {
        "ts_ns": c.ts_ns[rows],
        "price": c.prices[rows] * float(c.price_step),
        "qty": c.qtys[rows] * float(c.qty_step),
        "is_buyer_maker": c.buyer_is_maker[rows],
    }
    return pd.DataFrame(data if c.trade_ids is None else data | {"trade_id": c.trade_ids[rows]})


def bars_face(c: BarColumns, plain: str) -> Shown:
    """A few figures of the bars."""
    if not len(c):
        return note(plain)
    known, step = c.instrument, float(c.price_step)
    first, last = int(c.open_ts_ns[0]), int(c.open_ts_ns[-1])
    low, high = float(c.lows.min()) * step, float(c.highs.max()) * step
    volume = float(c.volumes.sum()) * float(c.qty_step)
    above = cards(
        [
            Card(known.symbol, _many(len(c), "bar"), f"of {span(c.width_ns / SECOND)}"),
            Card("covering", span((last - first + c.width_ns) / SECOND), _from(first)),
            Card("price", _range(low, high), f"last {float(c.closes[-1]) * step:,.10g}"),
            Card("traded", f"{volume:,.2f} {known.base}"),
        ]
    )
    return Shown(above.html, plain)


def store_face(home: Path, held: Sequence[Holding]) -> Shown:
    """What is held, and whether any of it is made up."""
    if not held:
        ways = (
            "`genesis ticks import FILE` adds recorded trades, `TickStore.or_sample()` made-up ones"
        )
        return note(f"The tick store in {home} holds nothing yet: {ways}.")
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
        caption=f"Ticks in {home}. {SYNTHETIC if made_up else ''}".strip(),
    )


def _many(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count:,} {what}s"


def _range(low: float, high: float) -> str:
    """Five digits that count, and no more decimals than that takes."""
    places = max(0, 4 - floor(log10(high))) if high > 0 else 0
    return f"{low:,.{places}f} – {high:,.{places}f}"


def _from(ts_ns: int) -> str:
    return f"from {_at(ts_ns)}"


def _at(ts_ns: int) -> str:
    return format_utc(ts_ns // SECOND * SECOND).replace("T", " ").removesuffix("Z")
