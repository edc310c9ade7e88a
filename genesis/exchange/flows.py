"""Money that came or went without a trade, as the venue's own histories tell it.

A row becomes a `VenueFlow`: how much of an asset moved in all, under a name that never changes.
What the log has told under that name already is subtracted, so nothing is told twice, a row that
shows up late is told when it does, and a withdrawal that was called off comes back.

Coins other than the account's currency that come in from outside are ring-fenced: they belong to
the owner, not to what is traded here. Those that leave are taken from the ring-fenced ones first.

Sources: Binance Wallet API documents: "Deposit History", "Withdraw History", "DustLog" and "Query
User Universal Transfer History" and "Asset Dividend Record" (read 2026-11). Whether the BNB that a
conversion of dust brings is `transferedAmount` or that less `serviceChargeAmount` they do not say,
and both were seen (github.com/ccxt/ccxt/pull/10272 says the latter): the balances decide.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any, Final

from genesis.domain.events import FlowReported
from genesis.domain.money import ZERO
from genesis.domain.time import DAY, HOUR, MILLISECOND, SECOND, parse_utc
from genesis.exchange.gateway import VenueFlow
from genesis.exchange.lifecycle import plain, stamp_ns

DEPOSIT: Final = "deposit"
WITHDRAWAL: Final = "withdrawal"
TRANSFER: Final = "transfer"
DUST: Final = "dust"
REWARD: Final = "reward"
FEE: Final = "fee"
CONVERSION: Final = "conversion"
KINDS: Final = (DEPOSIT, WITHDRAWAL, TRANSFER, CONVERSION, REWARD, FEE)
"""What a difference that no list explains may be said to be."""
PASSED: Final = "passed"
"""Kind of a flow of nothing: the trade its ref names is accounted for by other flows."""
EXPLAINED: Final = "explained:"
BNB: Final = "BNB"
LOOK_BACK_NS: Final = 7 * DAY
_SPAN_NS: Final = 90 * DAY - MILLISECOND
"""The venue answers for less than 90 days at a time."""
_KEPT_NS: Final = HOUR
"""How long what was told of the past is believed: it may change yet, though seldom."""
_PAGE: Final = 1000
_DUST_PAGE: Final = 100
_TRANSFER_PAGE: Final = 100
_REWARD_PAGE: Final = 500

CREDITED: Final = frozenset({1, 6})
"""Deposit status: success; credited, though it cannot be withdrawn yet."""
CALLED_OFF: Final = frozenset({1, 3, 5})
"""Withdrawal status: cancelled, rejected, failed. Any other has left the balance."""
TRANSFERS: Final = tuple(
    kind
    for other in ("FUNDING", "UMFUTURE", "CMFUTURE", "MARGIN", "OPTION")
    for kind in (f"MAIN_{other}", f"{other}_MAIN")
)
"""Ways between the spot account (`MAIN`) and the others of the same owner."""

Ask = Callable[[str, dict[str, str]], Awaitable[Any]]
"""One question: endpoint and parameters; the parsed body. Raises what `Reads` raises."""


# -- the venue's histories -------------------------------------------------------------------
class Histories:
    """Everything that moved, as the venue's histories tell it. What one of them told of a span long
    past is remembered for an hour: an account of many years is read piece by piece, however short
    the time for it is.
    """

    def __init__(self) -> None:
        self._told: dict[tuple[str, tuple[int, int]], tuple[int, list[VenueFlow]]] = {}

    async def read(self, ask: Ask, since_ns: int, until_ns: int) -> tuple[VenueFlow, ...]:
        """Oldest first.

        Raises:
            KeyError, TypeError, ValueError, OutOfSync: an answer cannot be understood.
        """
        self._told = {k: v for k, v in self._told.items() if until_ns - v[0] < _KEPT_NS}
        rows: list[VenueFlow] = []
        for span, is_past in _spans(since_ns, until_ns):
            for kind, read in _READERS.items():
                name = (kind, span)
                if name in self._told:
                    found = self._told[name][1]
                else:
                    found = [row async for row in read(ask, span)]
                if is_past:
                    self._told.setdefault(name, (until_ns, found))
                rows += found
        return tuple(sorted(rows, key=lambda row: (row.ts_ns, row.ref, row.asset)))


def _spans(since_ns: int, until_ns: int) -> Iterator[tuple[tuple[int, int], bool]]:
    """What is asked for at a time, and whether it is long past: the venue lists late. What is past
    grows by whole days, so that it is the same again and again.
    """
    lately_ns = (until_ns - 2 * LOOK_BACK_NS) // DAY * DAY
    for start_ns in range(since_ns, lately_ns, _SPAN_NS):
        yield (start_ns, min(start_ns + _SPAN_NS, lately_ns) - MILLISECOND), True
    for start_ns in range(max(since_ns, lately_ns), until_ns + 1, _SPAN_NS):
        yield (start_ns, min(start_ns + _SPAN_NS, until_ns + 2 * MILLISECOND) - MILLISECOND), False


async def _deposits(ask: Ask, span: tuple[int, int]) -> AsyncIterator[VenueFlow]:
    async for body in _paged(ask, "sapiGetCapitalDepositHisrec", span):
        if int(body["status"]) in CREDITED:
            ts_ns = stamp_ns(body.get("completeTime") or body["insertTime"])
            name = body.get("id") or body["txId"]
            yield VenueFlow(
                ts_ns, str(body["coin"]), plain(body["amount"]), DEPOSIT, f"deposit:{name}"
            )


async def _withdrawals(ask: Ask, span: tuple[int, int]) -> AsyncIterator[VenueFlow]:
    async for body in _paged(ask, "sapiGetCapitalWithdrawHistory", span):
        ts_ns, asset = min(_moment_ns(body["applyTime"]), span[1]), str(body["coin"])
        is_gone = int(body["status"]) not in CALLED_OFF
        for kind, field in ((WITHDRAWAL, "amount"), (FEE, "transactionFee")):
            qty = -plain(body.get(field) or "0") if is_gone else ZERO
            yield VenueFlow(ts_ns, asset, qty, kind, f"{kind}:{body['id']}")


async def _paged(ask: Ask, endpoint: str, span: tuple[int, int]) -> AsyncIterator[dict[str, Any]]:
    offset = 0
    while True:
        paging = {"offset": str(offset), "limit": str(_PAGE)}
        page = await ask(endpoint, _stamps(span) | paging)
        for body in page:
            yield body
        if len(page) < _PAGE:
            return
        offset += _PAGE


async def _dust(ask: Ask, span: tuple[int, int]) -> AsyncIterator[VenueFlow]:
    """Coins that went, and the BNB that all of one conversion brought. Newest pages come first."""
    seen: set[str] = set()
    while True:
        found = (await ask("sapiGetAssetDribblet", _stamps(span)))["userAssetDribblets"]
        fresh = [body for body in found if str(body["transId"]) not in seen]
        for body in fresh:
            seen.add(str(body["transId"]))
            for row in _converted(body):
                yield row
        if len(found) < _DUST_PAGE or not fresh:
            return
        span = (span[0], min(stamp_ns(body["operateTime"]) for body in found))


def _converted(body: Mapping[str, Any]) -> list[VenueFlow]:
    """One conversion has one target: BNB, where the venue names no other."""
    ref, ts_ns = f"dust:{body['transId']}", stamp_ns(body["operateTime"])
    gone: dict[str, Decimal] = {}
    brought = charged = ZERO
    target = BNB
    for part in body["userAssetDribbletDetails"]:
        asset, target = str(part["fromAsset"]), str(part.get("targetAsset") or target)
        gone[asset] = gone.get(asset, ZERO) - plain(part["amount"])
        brought += plain(part["transferedAmount"])
        charged += plain(part["serviceChargeAmount"])
    rows = [VenueFlow(ts_ns, asset, qty, DUST, ref) for asset, qty in gone.items()]
    return [*rows, VenueFlow(ts_ns, target, brought - charged, DUST, ref, brought)]


async def _rewards(ask: Ask, span: tuple[int, int]) -> AsyncIterator[VenueFlow]:
    """Newest come first, and there are no pages."""
    seen: set[str] = set()
    while True:
        limit = {"limit": str(_REWARD_PAGE)}
        page = (await ask("sapiGetAssetAssetDividend", _stamps(span) | limit))["rows"]
        fresh = [body for body in page if str(body["tranId"]) not in seen]
        for body in fresh:
            seen.add(str(body["tranId"]))
            ts_ns, ref = stamp_ns(body["divTime"]), f"reward:{body['tranId']}"
            yield VenueFlow(ts_ns, str(body["asset"]), plain(body["amount"]), REWARD, ref)
        if len(page) < _REWARD_PAGE or not fresh:
            return
        span = (span[0], min(stamp_ns(body["divTime"]) for body in page))


async def _transfers(ask: Ask, span: tuple[int, int], kind: str) -> AsyncIterator[VenueFlow]:
    is_out = kind.startswith("MAIN_")
    current = 1
    while True:
        paging = {"type": kind, "current": str(current), "size": str(_TRANSFER_PAGE)}
        page = (await ask("sapiGetAssetTransfer", _stamps(span) | paging)).get("rows") or ()
        for body in page:
            if body["status"] != "CONFIRMED":
                continue
            qty, ref = plain(body["amount"]), f"transfer:{body['tranId']}"
            ts_ns = stamp_ns(body["timestamp"])
            yield VenueFlow(ts_ns, str(body["asset"]), -qty if is_out else qty, TRANSFER, ref)
        if len(page) < _TRANSFER_PAGE:
            return
        current += 1


_READERS: Final[Mapping[str, Callable[[Ask, tuple[int, int]], AsyncIterator[VenueFlow]]]] = {
    "deposits": _deposits,
    "withdrawals": _withdrawals,
    "dust": _dust,
    "rewards": _rewards,
    **{kind: partial(_transfers, kind=kind) for kind in TRANSFERS},
}


def _stamps(span: tuple[int, int]) -> dict[str, str]:
    return {"startTime": str(span[0] // MILLISECOND), "endTime": str(span[1] // MILLISECOND)}


def _moment_ns(told: Any) -> int:
    """The venue writes when a withdrawal was asked for as UTC text: the end of that second. A stamp
    is taken, too.
    """
    if not isinstance(told, str) or told.isdigit():
        return stamp_ns(told)
    return parse_utc(f"{told.replace(' ', 'T')}Z") + SECOND - MILLISECOND


# -- what of it is news, and whose coins they are --------------------------------------------
Told = Mapping[tuple[str, str], Decimal]
"""(ref, asset) -> how much of it the log has told."""


def news(
    rows: Iterable[VenueFlow], told: Told, ring: Mapping[str, Decimal], quote: str
) -> tuple[FlowReported, ...]:
    """What of the rows was not told yet, as events; each moves the ring-fenced coins or ours."""
    left, known = dict(ring), dict(told)
    events: list[FlowReported] = []
    for row in rows:
        name = (row.ref, row.asset)
        if name in known and known[name] == row.or_amount:
            continue
        qty = row.amount - known.get(name, ZERO)
        known[name] = row.amount
        fenced = fenced_part(row.asset, qty, left, quote)
        left[row.asset] = left.get(row.asset, ZERO) + fenced
        for part, is_fenced in ((fenced, True), (qty - fenced, False)):
            if part:
                events.append(
                    FlowReported(row.ts_ns, row.asset, part, row.kind, row.ref, is_fenced)
                )
    return tuple(events)


def readings(rows: Iterable[VenueFlow]) -> list[list[VenueFlow]]:
    """The rows in every way they may be meant, the likelier first."""
    plain = list(rows)
    if all(row.or_amount is None for row in plain):
        return [plain]
    return [plain, [row if row.or_amount is None else _swapped(row) for row in plain]]


def _swapped(row: VenueFlow) -> VenueFlow:
    assert row.or_amount is not None
    return replace(row, amount=row.or_amount, or_amount=row.amount)


def fenced_part(asset: str, qty: Decimal, ring: Mapping[str, Decimal], quote: str) -> Decimal:
    """How much of a flow moves ring-fenced coins."""
    if asset == quote:
        return ZERO
    return qty if qty > ZERO else max(qty, -ring.get(asset, ZERO))


def flowed(
    totals: Mapping[str, Decimal], ring: Mapping[str, Decimal], flows: Iterable[FlowReported]
) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """Our totals and the ring-fenced ones after these flows."""
    ours, fenced = dict(totals), dict(ring)
    for flow in flows:
        side = fenced if flow.fenced else ours
        side[flow.asset] = side.get(flow.asset, ZERO) + flow.amount
    return ours, fenced


def fenced_after(ring: Mapping[str, Decimal], flow: FlowReported) -> dict[str, Decimal]:
    """The ring-fenced coins after one flow; an asset of which nothing is left is absent."""
    _, fenced = flowed({}, ring, (flow,)) if flow.fenced else ({}, dict(ring))
    return {asset: qty for asset, qty in fenced.items() if qty}


# -- trades that are flows -------------------------------------------------------------------
def trade_ref(symbol: str, trade_id: int) -> str:
    return f"trade:{symbol}:{trade_id}"


def trade_of(flow: FlowReported) -> tuple[str, int] | None:
    """The trade that is accounted for by other flows, where this one says so."""
    if flow.kind != PASSED:
        return None
    _, symbol, trade_id = flow.ref.split(":")
    return symbol, int(trade_id)
