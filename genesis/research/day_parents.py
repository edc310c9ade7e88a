"""The receipts of the day's orders: what each was to cost, and what it did."""

from typing import Final

import pandas as pd

from genesis.domain.slicing import OrderReceipt
from genesis.domain.time import SECOND
from genesis.research.day_frames import frame, utc
from genesis.research.day_log import DayLog
from genesis.research.day_trades import who

PARENT_COLUMNS: Final = (
    *("order", "started", "ended", "symbol", "side", "algorithm", "who", "qty", "filled_qty"),
    *("slices", "slices_sent", "lasted_s", "arrival_mid", "walk_price", "average_price"),
    *("slippage_bps", "slippage_usdt", "fees_usdt", "single_usdt", "paid_usdt", "saved_usdt"),
    *("how", "reason"),
)


def parents_frame(log: DayLog) -> pd.DataFrame:
    """One row per order that ended on the day, as its receipt in the log has it.

    saved_usdt: what one market order for as much, at the start, would have cost beyond it, or have
    brought less.
    """
    rows = [
        (
            str(told.key),
            utc(told.started_ns),
            utc(told.ts_ns),
            told.symbol,
            told.side.value,
            told.algorithm,
            who(told.source),
            float(told.qty),
            float(told.filled_qty),
            told.slices,
            told.slices_sent,
            (told.ts_ns - told.started_ns) / SECOND,
            float(told.arrival_mid),
            float(told.walk_price),
            *(
                float("nan") if amount is None else float(amount)
                for amount in (told.average_price, told.slippage_bps)
            ),
            float(told.slippage_usdt),
            float(told.fees_usdt),
            float(told.single_usdt),
            float(told.paid_usdt),
            float(told.saved_usdt),
            told.ended,
            told.reason,
        )
        for _, told in log.outcomes(OrderReceipt)
    ]
    return frame(rows, PARENT_COLUMNS)
