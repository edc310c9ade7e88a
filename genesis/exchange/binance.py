"""The gateway to Binance and to everything that speaks its protocol.

One POST per order and no retry around it, ever: client ids are unique among open orders only,
so a repeated market order would execute twice.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any, Final

import aiohttp

from genesis.domain.account import Balance
from genesis.domain.commands import SubmitOrder
from genesis.domain.events import (
    BookDelta,
    CancelRejected,
    Level,
    OrderEvent,
    OrderRejected,
    OrderUnresolved,
)
from genesis.domain.ids import OrderKey
from genesis.domain.instrument import Instrument
from genesis.domain.money import text
from genesis.domain.orders import OrderRequest, OrderType
from genesis.domain.time import MILLISECOND
from genesis.errors import ConfigError, OutOfSync, Rejected, Unreachable
from genesis.exchange.classify import (
    BAD_SYMBOL,
    NO_SUCH_ORDER,
    UNKNOWN_ORDER,
    Answer,
    Standing,
    classify,
)
from genesis.exchange.gateway import VenueOrder, VenueTime, VenueTrade
from genesis.exchange.instruments import read_instrument
from genesis.exchange.lifecycle import (
    Ending,
    amount,
    ending_of,
    ms_to_ns,
    order_events,
    read_order,
    read_placed_fills,
    read_trade,
    total_qty,
)
from genesis.exchange.once import Once
from genesis.exchange.resolve import Bound, Resolver
from genesis.exchange.rest import Rest
from genesis.exchange.venue import Venue

SPEED_HEADER: Final = "X-Genesis-Clock-Speed"
_PAGE: Final = 1000
_DEPTH_ROWS: Final = 1000
_CANCEL_PAUSES_S: Final = (0.25, 0.5, 1.0, 2.0)
_TRADES_PAUSES_S: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
