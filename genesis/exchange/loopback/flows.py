"""What comes into the account, or leaves it, past all orders, and the lists that tell of it.

Source of the field sets: Binance wallet API, "Deposit History", "Withdraw History", "DustLog",
"Query User Universal Transfer", "Asset Dividend Record".
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import count
from typing import Any, Final

from genesis.domain.money import ZERO
from genesis.domain.time import DAY, MILLISECOND, format_utc
from genesis.errors import UsageError
from genesis.exchange.loopback import params as read
from genesis.exchange.loopback.news import News
from genesis.exchange.loopback.params import Params
from genesis.sim.orders import VenueRejected
from genesis.sim.venue import Venue
from genesis.wire.orders import Payload, amount, ms

Wanted = Mapping[str, Any]
_DAY_MS: Final = DAY // MILLISECOND
_ADDRESS: Final = "loopback-address"


class Flows:
    """`make` lets one happen; the other methods are the venue's lists."""

    def __init__(self, venue: Venue, news: News) -> None:
        self._venue, self._news = venue, news
        self._ids = count(1)
        self._rows: dict[str, list[Payload]] = {kind: [] for kind in KINDS}
        self.happened: list[Payload] = []
        """The truth: what moved, in order."""

    def make(self, wanted: Wanted, now_ns: int) -> Payload:
        """Move balances, tell of it, and list it; the row (of `unexplained`: none).

        wanted: `kind` (a name in `KINDS`), `asset`, `amount` (above 0; `unexplained` also below),
        and by kind: withdrawal `fee`; dust `into`, `brings`, `fee`; transfer `type`, such as
        MAIN_FUNDING (out) or FUNDING_MAIN (in).

        Raises:
            UsageError: a field is missing or wrong, or less is free than shall leave.
        """
        kind = str(wanted.get("kind", ""))
        if kind not in KINDS:
            raise UsageError(f"flow kind {kind!r} is none of {', '.join(KINDS)}")
        asset = str(wanted.get("asset", "")).upper()
        if not asset.isalnum():
            raise UsageError("a flow needs an asset, such as USDT")
        size = _amount(wanted, "amount")
        if size < ZERO and kind != "unexplained":
            raise UsageError(f"the amount of a {kind} is above 0")
        moves, row = KINDS[kind](wanted, asset, size, next(self._ids), now_ns)
        self._move(moves, now_ns)
        for moved, change in moves.items():
            told = {"kind": kind, "asset": moved, "amount": str(change), "time": ms(now_ns)}
            self.happened.append(told)
        if row:
            self._rows[kind].append(row)
        return row

    # -- the venue's lists -------------------------------------------------------------------
    def deposits(self, params: Params, _: int) -> list[Payload]:
        return _listed(self._rows["deposit"], params, "insertTime", 1000)

    def withdrawals(self, params: Params, _: int) -> list[Payload]:
        rows = _listed(self._rows["withdrawal"], params, "_at", 1000)
        return [{name: value for name, value in row.items() if name != "_at"} for row in rows]

    def dust(self, params: Params, _: int) -> Payload:
        rows = _between(self._rows["dust"], params, "operateTime")
        return {"total": len(rows), "userAssetDribblets": rows[:100]}

    def transfers(self, params: Params, now_ns: int) -> Payload:
        """Those of one `type`, of the last seven days unless a span is named, in pages."""
        kind = read.required(params, "type")
        if not params.get("startTime") and not params.get("endTime"):
            params = {**params, "startTime": str(ms(now_ns) - 7 * _DAY_MS)}
        rows = _between(self._rows["transfer"], params, "timestamp")
        rows = [row for row in rows if row["type"] == kind]
        size = min(read.whole(params, "size") or 10, 100)
        first = ((read.whole(params, "current") or 1) - 1) * size
        return {"total": len(rows), "rows": rows[first : first + size]}

    def dividends(self, params: Params, _: int) -> Payload:
        rows = _between(self._rows["dividend"], params, "divTime")
        return {"rows": rows[: read.limit_of(params, 20, 500)], "total": len(rows)}

    # -- inside ------------------------------------------------------------------------------
    def _move(self, moves: Mapping[str, Decimal], now_ns: int) -> None:
        for asset, change in moves.items():
            if change < ZERO and self._venue.balance(asset).free < -change:
                raise UsageError(f"less than {-change} {asset} is free")
        for asset, change in moves.items():
            self._venue.flow(asset, change)
            self._news.flowed(asset, change, now_ns)


Made = tuple[dict[str, Decimal], Payload]
Maker = Callable[[Wanted, str, Decimal, int, int], Made]


def _deposit(_: Wanted, asset: str, size: Decimal, number: int, now_ns: int) -> Made:
    row = {
        "id": f"loopback-deposit-{number}",
        "amount": amount(size),
        "coin": asset,
        "network": asset,
        "status": 1,
        "address": _ADDRESS,
        "addressTag": "",
        "txId": f"loopback-tx-{number}",
        "insertTime": ms(now_ns),
        "completeTime": ms(now_ns),
        "transferType": 0,
        "confirmTimes": "1/1",
        "unlockConfirm": 0,
        "walletType": 0,
    }
    return {asset: size}, row


def _withdrawal(wanted: Wanted, asset: str, size: Decimal, number: int, now_ns: int) -> Made:
    """The amount arrives elsewhere; the fee leaves beside it."""
    fee = _amount(wanted, "fee", "0")
    at = format_utc(now_ns)[:19].replace("T", " ")
    row = {
        "id": f"loopback-withdrawal-{number}",
        "amount": amount(size),
        "transactionFee": amount(fee),
        "coin": asset,
        "status": 6,
        "address": _ADDRESS,
        "txId": f"loopback-tx-{number}",
        "applyTime": at,
        "network": asset,
        "transferType": 0,
        "info": "",
        "confirmNo": 1,
        "walletType": 0,
        "txKey": "",
        "completeTime": at,
        "_at": ms(now_ns),
    }
    return {asset: -size - fee}, row


def _dust(wanted: Wanted, asset: str, size: Decimal, number: int, now_ns: int) -> Made:
    """A remainder becomes another asset (BNB unless told); `brings` is net of `fee`."""
    into, brings = str(wanted.get("into", "BNB")).upper(), _amount(wanted, "brings")
    fee, stamp = _amount(wanted, "fee", "0"), ms(now_ns)
    part = {
        "transId": number,
        "serviceChargeAmount": amount(fee),
        "amount": amount(size),
        "operateTime": stamp,
        "transferedAmount": amount(brings),
        "fromAsset": asset,
    }
    row = {
        "operateTime": stamp,
        "totalTransferedAmount": amount(brings),
        "totalServiceChargeAmount": amount(fee),
        "transId": number,
        "userAssetDribbletDetails": [part],
    }
    return {asset: -size, into: brings}, row


def _transfer(wanted: Wanted, asset: str, size: Decimal, number: int, now_ns: int) -> Made:
    kind = str(wanted.get("type", "")).upper()
    is_out, is_in = kind.startswith("MAIN_"), kind.endswith("_MAIN")
    if is_out is is_in:
        raise UsageError("a transfer needs a type: MAIN_FUNDING (out), FUNDING_MAIN (in) or alike")
    row = {
        "asset": asset,
        "amount": amount(size),
        "type": kind,
        "status": "CONFIRMED",
        "tranId": number,
        "timestamp": ms(now_ns),
    }
    return {asset: -size if is_out else size}, row


def _dividend(wanted: Wanted, asset: str, size: Decimal, number: int, now_ns: int) -> Made:
    row = {
        "id": number,
        "amount": amount(size),
        "asset": asset,
        "divTime": ms(now_ns),
        "enInfo": str(wanted.get("info", "Distribution")),
        "tranId": number,
        "direction": 1,
    }
    return {asset: size}, row


def _unexplained(_: Wanted, asset: str, size: Decimal, number: int, now_ns: int) -> Made:
    """A change that no list explains."""
    return {asset: size}, {}


KINDS: Final[Mapping[str, Maker]] = {
    "deposit": _deposit,
    "withdrawal": _withdrawal,
    "dust": _dust,
    "transfer": _transfer,
    "dividend": _dividend,
    "unexplained": _unexplained,
}


def _amount(wanted: Wanted, name: str, default: str | None = None) -> Decimal:
    try:
        found = read.signed_amount(str(wanted.get(name, default)))
    except VenueRejected:
        raise UsageError(f"a flow needs {name}: a number such as 12.5") from None
    return found


def _between(rows: list[Payload], params: Params, stamp: str) -> list[Payload]:
    """Newest first."""
    start, end = read.whole(params, "startTime"), read.whole(params, "endTime")
    return [
        row
        for row in reversed(rows)
        if (start is None or row[stamp] >= start) and (end is None or row[stamp] <= end)
    ]


def _listed(rows: list[Payload], params: Params, stamp: str, most: int) -> list[Payload]:
    found = [
        row
        for row in _between(rows, params, stamp)
        if params.get("coin", row["coin"]) == row["coin"]
        and params.get("status", str(row["status"])) == str(row["status"])
    ]
    first = read.whole(params, "offset") or 0
    return found[first : first + read.limit_of(params, most, most)]
