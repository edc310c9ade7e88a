"""The day's orders in words: what each was to cost and what it did, and how each part filled."""

from typing import Any, Final

import pandas as pd

from genesis.domain.instrument import base_of
from genesis.research.day_facts import DayFacts
from genesis.research.style import NONE, Shown, plain_text, span, table

_CENT: Final = 0.005
_COMPLETE: Final = "complete"
_JOINED: Final = "\N{NO-BREAK SPACE}"


def parents_table(day: DayFacts) -> Shown:
    """The receipts: every order of yours and of strategies that ended on the day."""
    frame = day.parents
    return table(
        frame.assign(
            what=_each(frame, _what),
            way=_each(frame, _way),
            worse=_each(frame, _worse),
            better=_each(frame, _better),
            end=_each(frame, _end),
        ),
        names={"order": "order", "started": "at", "who": "by", "what": "what", "way": "sent",
               "arrival_mid": "market then", "walk_price": "one order", "average_price": "got",
               "worse": "against the market", "fees_usdt": "fees, USDT",
               "better": "against one order", "end": "ended"},
        formats={"started": _second, "arrival_mid": _price, "walk_price": _price,
                 "average_price": _price, "fees_usdt": lambda v: f"{v:.2f}"},
        caption="Market then: the middle of bid and ask when the order was approved. One order: "
        "the average price of one market order for all of it at that moment, an estimate from the "
        "book as it was known. Against one order: what was paid or got, with fees, beside that.",
        empty="No order ended on this day.",
    )  # fmt: skip


def receipts_table(day: DayFacts) -> Shown:
    """Every order that the venue filled: slices one by one, and stops."""
    return table(
        day.receipts,
        names={"order": "order", "approved": "approved", "side": "side", "type": "type",
               "who": "by", "filled_qty": "filled", "decision_price": "decided at",
               "fill_price": "got", "slippage_bps": "bps",
               "wait_ms": "to the fill, ms", "fee": "fee", "fee_asset": "in"},
        formats={"approved": _second, "filled_qty": _qty, "decision_price": _price,
                 "fill_price": _price, "slippage_bps": _bps,
                 "wait_ms": lambda v: NONE if v != v else f"{v:,.0f}", "fee": _qty},
        caption="Decided at: the middle of the market when the gate approved a market order or a "
        "slice; the limit or the stop of the others. To the fill: on our own clock.",
        empty="No order was filled on this day.",
    )  # fmt: skip


def _each(frame: pd.DataFrame, tell: Any) -> list[str]:
    return [tell(row) for row in frame.itertuples(index=False)]


def _what(row: Any) -> str:
    """buy 0.00464 BTC; buy 0.00311 of 0.00464 BTC."""
    whole = "" if row.filled_qty == row.qty else f" of {_qty(row.qty)}"
    return f"{row.side.lower()} {_qty(row.filled_qty)}{whole}{_JOINED}{base_of(row.symbol)}"


def _way(row: Any) -> str:
    """iceberg, 3 slices in 6 s; market."""
    if row.slices == 1:
        return str(row.algorithm)
    count = (
        f"{row.slices}" if row.slices == row.slices_sent else f"{row.slices_sent} of {row.slices}"
    )
    return f"{row.algorithm}, {count} slices in {span(row.lasted_s).replace(' ', _JOINED)}"


def _worse(row: Any) -> str:
    """1.2 bps worse (0.03 USDT)."""
    if row.slippage_bps != row.slippage_bps:
        return NONE
    if not round(row.slippage_bps, 1):
        return "as it was"
    amount, _, kind = _bps(row.slippage_bps).partition(" ")
    return f"{amount} bps {kind} ({abs(row.slippage_usdt):.2f}{_JOINED}USDT)"


def _bps(value: float) -> str:
    """0.3 worse."""
    if value != value:
        return NONE
    if not round(value, 1):
        return "0.0"
    return f"{abs(value):.1f} {'worse' if value > 0 else 'better'}"


def _better(row: Any) -> str:
    """0.03 USDT better."""
    if not row.filled_qty:
        return NONE
    if abs(row.saved_usdt) < _CENT:
        return "the same"
    return f"{abs(row.saved_usdt):,.2f} USDT {'better' if row.saved_usdt > 0 else 'worse'}"


def _end(row: Any) -> str:
    """complete; impact: slice 2 would pay 60400."""
    return str(row.how) if not row.reason or row.how == _COMPLETE else f"{row.how}: {row.reason}"


def _second(value: Any) -> str:
    return NONE if value is None or value is pd.NaT else str(value.strftime("%H:%M:%S"))


def _price(value: Any) -> str:
    return plain_text(value) if value is None or value != value else f"{value:,.2f}"


def _qty(value: Any) -> str:
    return f"{value:,.8f}".rstrip("0").rstrip(".")
