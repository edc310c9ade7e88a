"""From a curve of equity to daily returns."""

import numpy as np
import numpy.typing as npt

from genesis.domain.time import DAY


def daily_returns(
    ts_ns: npt.NDArray[np.int64], equity: npt.NDArray[np.float64], start_equity: float
) -> npt.NDArray[np.float64]:
    """Simple returns of each UTC calendar day from the first stamp's to the last's.

    ts_ns: (n,) non-decreasing UTC ns; equity: (n,) quote currency at those stamps;
    start_equity: equity before the first stamp. A day without a stamp returns 0. A stamp on the
    boundary belongs to the new day. The curve must be free of deposits and withdrawals.
    """
    if len(ts_ns) == 0:
        return np.empty(0)
    days = ts_ns // DAY
    calendar = np.arange(days[0], days[-1] + 1)
    last = np.searchsorted(days, calendar, side="right") - 1
    closes = np.concatenate(([start_equity], equity[last]))
    return np.asarray(closes[1:] / closes[:-1] - 1.0)
