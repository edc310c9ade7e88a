"""Records in words, for people who ask why."""

from decimal import Decimal
from typing import Final

from genesis.domain.approval import Failure
from genesis.domain.commands import CancelOrder, SubmitOrder
from genesis.domain.events import (
    BarClosed,
    BookDelta,
    BookTop,
    CancelRejected,
    Event,
    JournalAssessed,
    OperatorActed,
    OrderAccepted,
    OrderCancelled,
    OrderEvent,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderUnresolved,
    TimerFired,
    TradeTick,
)
from genesis.domain.money import text
from genesis.domain.orders import OrderRequest, OrderType, Purpose
from genesis.domain.outcomes import (
    CommandAnswered,
    OrderApproved,
    OverrideJudged,
    PositionChanged,
    PositionClosed,
    PositionOpened,
    TiltLevelChanged,
    TiltScored,
)
from genesis.domain.time import SECOND, moment_words

_PURPOSES: Final = {
    Purpose.ENTRY: "entry",
    Purpose.PROTECT: "protective stop",
    Purpose.EXIT: "exit",
}
_WAYS: Final = {
    "OrderRejected": "rejected",
    "OrderCancelled": "cancelled",
    "OrderExpired": "expired",
}
_CENTS: Final = Decimal("0.01")


def cause(event: Event, source: str) -> str:
    """What happened just before, and who wished something because of it."""
    who = (
        "the operator" if source == "operator" else source.removeprefix("strategy:") or "the engine"
    )
    match event:
        case OperatorActed():
            return f"the operator: {_act(event)}"
        case BarClosed():
            return f"{who}, as a bar of {event.symbol} closed at {text(event.close)}"
        case TradeTick():
            return f"{who}, as {event.symbol} traded at {text(event.price)}"
        case BookTop():
            return f"{who}, at {text(event.bid)} / {text(event.ask)} in {event.symbol}"
        case BookDelta():
            return f"{who}, as the book of {event.symbol} changed"
        case TimerFired():
            return f"{who}, on time ({event.key})"
        case OrderFilled():
            side, qty = event.fill.side.value.lower(), text(event.fill.qty)
            return f"{who}, after the {side} of {qty} by order {event.key}"
        case OrderCancelled() | OrderExpired() | OrderRejected():
            return f"{who}, after order {event.key} was {_WAYS[type(event).__name__]}"
        case JournalAssessed():
            return f"the operator: a page of {event.word_count} words"
    return f"{who}, after {type(event).__name__}"


def _act(event: OperatorActed) -> str:
    if event.verb == "trade" and event.side is not None:
        amount = _asked(event)
        kind = f"{event.side.value.lower()} {amount} {event.symbol}"
        at = f" limit {text(event.price)}" if event.price is not None else ""
        stop = f" stop {text(event.stop_new)}" if event.stop_new is not None else ""
        return f"{kind}{at}{stop}"
    if event.verb == "stop" and event.stop_new is not None:
        return f"stop {event.symbol} {text(event.stop_new)}"
    if event.verb == "close" and event.share is not None:
        return f"close {event.symbol} {text(event.share * 100)}%"
    name = event.kind.lower() if event.verb == "none" else event.verb.replace("_", " ")
    return f"{name} {event.symbol}" if event.symbol else name


def _asked(event: OperatorActed) -> str:
    if event.amount_usdt is not None:
        return f"{text(event.amount_usdt)} usdt of"
    return "" if event.qty is None else text(event.qty)


def state(score: TiltScored | TiltLevelChanged | None, mode: str) -> str:
    """Tilt and tier at this moment."""
    parts = [f"tier {mode}"] if mode else []
    if score is None:
        return "; ".join(["tilt not scored yet", *parts])
    level = score.level if isinstance(score, TiltScored) else score.new
    told = f"tilt score {score.score}, level {level}"
    led = score.contributions if isinstance(score, TiltScored) else ()
    named = ", ".join(f"{name} {points}" for name, points in led if points)
    return "; ".join([f"{told} ({named})" if named else told, *parts])


def approved(record: OrderApproved) -> str:
    limits = ", ".join(f"{_limit(name)} {_short(value)}" for name, value in record.limits_used)
    notes = "; ".join(record.notes)
    parts = [f"approved: {order(record.request)}", f"limits: {limits}" if limits else "", notes]
    return "; ".join(part for part in parts if part)


def _limit(name: str) -> str:
    return name.removesuffix("_usdt").replace("_", " ")


def order(request: OrderRequest) -> str:
    """`entry BUY 0.00037 BTC/USDT at market, stop planned at 66103.94 (why)`."""
    kind = {OrderType.MARKET: "at market", OrderType.LIMIT: "limit", OrderType.STOP_LOSS: "stop"}
    price = request.limit_price if request.limit_price is not None else request.stop_price
    at = kind[request.type] + (f" {text(price)}" if price is not None else "")
    plan = f", stop planned at {text(request.stop_plan)}" if request.stop_plan is not None else ""
    why = f" ({request.why})" if request.why else ""
    head = f"{_PURPOSES[request.purpose]} {request.side.value} {text(request.qty)}"
    return f"{head} {request.symbol} {at}{plan}{why}"


def failed(failure: Failure) -> str:
    until = "" if failure.until_ns is None else f" (until {moment_words(failure.until_ns)})"
    return f"refused by {failure.stage}, {failure.code}: {failure.reason}{until}"


def answered(answer: CommandAnswered | OverrideJudged) -> str:
    verdict = "accepted" if answer.accepted else "not accepted"
    told = answer.text if isinstance(answer, CommandAnswered) else answer.reason
    return f"{verdict}: {told}" if told else verdict


def sent(command: SubmitOrder | CancelOrder, wire_id: str | None) -> str:
    if isinstance(command, CancelOrder):
        return "a cancel left for the venue"
    how = "" if command.replaces is None else f" in the place of order {command.replaces}"
    if command.joins is not None:
        how = f" together with order {command.joins}"
    return f"left for the venue as {wire_id}{how}" if wire_id else f"left for the venue{how}"


def venue(event: OrderEvent) -> str:
    match event:
        case OrderAccepted():
            return f"the venue has it as {event.exchange_order_id}"
        case OrderFilled(fill=fill):
            told = f"{fill.side.value} {text(fill.qty)} at {text(fill.price)}"
            late = ", learned from a query" if event.recovered else ""
            maker = fill.liquidity.value.lower()
            return f"filled: {told}, fee {text(fill.fee)} {fill.fee_asset}, {maker}{late}"
        case OrderRejected():
            return f"the venue rejected it, {event.code}: {event.reason}"
        case OrderCancelled():
            return "cancelled" + (f": {event.reason}" if event.reason else "")
        case OrderExpired():
            return "expired" + (f": {event.reason}" if event.reason else "")
        case OrderUnresolved():
            return f"nobody knows whether the venue has it: {event.reason}"
        case CancelRejected():
            return f"nothing to cancel there: {event.reason}"


def ended(event: OrderEvent) -> str:
    """How an order ended that made no position."""
    return f"{_WAYS[type(event).__name__]}, nothing is held"


def moved(outcome: PositionOpened | PositionChanged | PositionClosed) -> str:
    if isinstance(outcome, PositionClosed):
        return closed(outcome)
    way = "opened" if isinstance(outcome, PositionOpened) else "now"
    return f"position {way}: {text(outcome.qty)} at {_short(outcome.entry_price)}"


def closed(trade: PositionClosed) -> str:
    """`closed by stop after 312 s: −0.52 USDT net of 0.05 fees, −1.04 R`."""
    held = (trade.ts_ns - trade.opened_ns) / SECOND
    told = f"closed by {trade.reason} after {held:,.0f} s: {_signed(trade.pnl_usdt)} USDT"
    r = f", {_signed(trade.pnl_usdt / trade.risk_usdt)} R" if trade.risk_usdt > 0 else ""
    return f"{told} net of {_short(trade.fees_usdt)} fees{r}"


def _signed(amount: Decimal) -> str:
    return f"{amount.quantize(_CENTS):+}".replace("-", "−")


def _short(amount: Decimal) -> str:
    """At most four decimals, none that say nothing."""
    return text(amount.quantize(Decimal("0.0001"))) if amount.is_finite() else str(amount)
