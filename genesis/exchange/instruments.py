"""The venue's filters as our `Instrument`. Pure; amounts are read from text."""

from decimal import Decimal
from typing import Any, Final

from genesis.domain.instrument import Instrument
from genesis.domain.money import ZERO
from genesis.errors import OutOfSync
from genesis.exchange.lifecycle import plain

_NONE: Final[dict[str, Any]] = {}
_TRADING: Final = "TRADING"
_STOP: Final = "STOP_LOSS"
NO_STOPS: Final = "it has no STOP_LOSS orders, so nothing there could be protected"


def read_instrument(row: dict[str, Any]) -> Instrument:
    """One symbol of exchangeInfo.

    A MARKET_LOT_SIZE step of 0 means "as LOT_SIZE"; NOTIONAL took the place of MIN_NOTIONAL on
    most symbols, the older one is read where it is still there.

    Raises:
        OutOfSync: the symbol has no price or lot grid.
    """
    filters = {str(item["filterType"]): item for item in row["filters"]}
    base, quote = str(row["baseAsset"]), str(row["quoteAsset"])
    price, lot = filters.get("PRICE_FILTER", _NONE), filters.get("LOT_SIZE", _NONE)
    market = filters.get("MARKET_LOT_SIZE", _NONE)
    notional = filters.get("NOTIONAL") or filters.get("MIN_NOTIONAL") or _NONE
    tick, step = plain(price.get("tickSize")), plain(lot.get("stepSize"))
    if not tick or not step:
        raise OutOfSync(f"the venue gives no price tick or lot for {base}/{quote}")
    largest = _limit(lot.get("maxQty"))
    return Instrument(
        symbol=f"{base}/{quote}",
        base=base,
        quote=quote,
        price_tick=tick,
        qty_lot=step,
        min_notional_usdt=plain(notional.get("minNotional")),
        min_qty=plain(lot.get("minQty")),
        max_qty=largest,
        market_lot=plain(market.get("stepSize")),
        max_market_qty=min(largest, _limit(market.get("maxQty"))),
        suspended=_suspended(row),
        can_replace=row.get("cancelReplaceAllowed") is True,
        can_attach=row.get("opoAllowed") is True,
    )


def _suspended(row: dict[str, Any]) -> str:
    """Why nothing is bought there now; empty: it may be."""
    status = str(row.get("status") or _TRADING)
    if status != _TRADING:
        return status
    return "" if _STOP in row.get("orderTypes", (_STOP,)) else NO_STOPS


def _limit(value: Any) -> Decimal:
    """A largest quantity; 0 or absent means none."""
    found = plain(value)
    return found if found > ZERO else Decimal("Infinity")
