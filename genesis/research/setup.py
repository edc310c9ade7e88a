"""What a backtest is asked, checked and put into the words of the engine and the venue."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

from genesis.analytics.values import NoValue
from genesis.domain.money import BPS, ONE, text
from genesis.domain.time import parse_utc
from genesis.engine.rulebook import Rules
from genesis.errors import UsageError
from genesis.rules import load
from genesis.rules.book import Source, bind, read
from genesis.sim.fees import FeeAsset, FeeSchedule
from genesis.sim.latency import NONE, AnyLatency, Latency, SampledLatency
from genesis.sim.orders import Queue, TakerFill

Number = Decimal | int | float | str
Moment = int | str | datetime

FILLS: Final = {
    "bar_close": TakerFill.LAST,
    "next_tick": TakerFill.NEXT_TICK,
    "next_open": TakerFill.NEXT_TICK,
    "book": TakerFill.BOOK,
}


_MOST: Final = Decimal(10) ** 15


@dataclass(frozen=True, slots=True)
class Fees:
    """Maker and taker fee in basis points, and the asset they are taken in.

    asset: `received` (base on a buy, quote on a sell, as Binance does), `quote`, or `rules`: as
    the rulebook says.
    """

    maker_bps: Number = 10
    taker_bps: Number = 10
    asset: Literal["received", "quote", "rules"] = "rules"

    def schedule(self, rules: Rules) -> FeeSchedule:
        """Raises UsageError for a negative fee or an unknown asset."""
        maker, taker = amount(self.maker_bps, "maker_bps"), amount(self.taker_bps, "taker_bps")
        if min(maker, taker) < 0 or max(maker, taker) >= BPS:
            raise UsageError(f"fees must lie between 0 and 10000 bps, not {maker} and {taker}")
        return FeeSchedule(maker, taker, self._asset(rules))

    def _asset(self, rules: Rules) -> FeeAsset:
        asset = rules.execution.fee_asset if self.asset == "rules" else self.asset
        if asset == "received":
            return "received"
        if asset == "quote":
            return "quote"
        raise UsageError(f"fee asset {asset!r} is unknown: received, quote or rules")


BINANCE_FEES: Final = Fees()
"""0.1 % each way, in the asset the rulebook names."""


def taker_fill(fill: str) -> TakerFill:
    """Raises UsageError for an unknown fill convention."""
    if fill not in FILLS:
        raise UsageError(f"unknown fill {fill!r}: known are {', '.join(FILLS)}")
    return FILLS[fill]


@dataclass(frozen=True, slots=True)
class Place:
    """Where our resting order stands. share: of what is displayed before it that must trade."""

    queue: Queue
    share: Decimal
    name: str


def queue_of(queue: Any) -> Place:
    """A name, a share of the queue (0 to 1), or a fitted model that has one.

    Raises UsageError: it is none of these.
    """
    if isinstance(queue, NoValue):
        raise UsageError(f"there is no queue model to use: {queue.reason}")
    given = getattr(queue, "share", queue)
    known = {each.value.lower(): each for each in Queue}
    if str(given).lower() in known:
        name = str(given).lower()
        return Place(known[name], ONE, name)
    try:
        share = amount(given, "queue")
    except UsageError:
        share = -ONE
    if not 0 <= share <= 1:
        raise UsageError(
            f"unknown queue {queue!r}: known are {', '.join(known)}, or a share from 0 to 1 of "
            "what is displayed that trades before our order"
        )
    return Place(Queue.CONSERVATIVE if share else Queue.OPTIMISTIC, share, text(share))


def rules_of(
    rules: str | Path | Rules, fees: Fees, stop_fraction: Number | None
) -> tuple[Rules, FeeSchedule]:
    """The rulebook of the run: the named one under the fees and the stop distance of the call.

    Raises:
        ConfigError: the rulebook cannot be used. UsageError: fees or stop distance out of range.
    """
    base = rules if isinstance(rules, Rules) else load(rules)
    schedule = fees.schedule(base)
    stop = None if stop_fraction is None else amount(stop_fraction, "stop_fraction")
    if stop is not None and not 0 < stop < 1:
        raise UsageError(f"stop_fraction must lie between 0 and 1, not {stop}")
    return _overlaid(base, schedule.taker_bps, schedule.asset, stop), schedule


@lru_cache(maxsize=64)
def _overlaid_text(text: str, taker_bps: Decimal, fee_asset: str, stop: Decimal | None) -> Rules:
    execution: dict[str, Any] = {"fee_asset": fee_asset}
    if stop is not None:
        execution["default_stop_fraction"] = stop
    top = {"risk": {"taker_fee_bps": taker_bps}, "execution": execution}
    return bind([read("the rulebook", text), Source("the call", top)])


def _overlaid(base: Rules, taker_bps: Decimal, fee_asset: str, stop: Decimal | None) -> Rules:
    as_is = (
        base.risk.taker_fee_fraction == taker_bps / BPS
        and base.execution.fee_asset == fee_asset
        and stop in (None, base.execution.default_stop_fraction)
    )
    return base if as_is else _overlaid_text(base.text, taker_bps, fee_asset, stop)


def latency_of(latency: Any) -> AnyLatency:
    """None is no latency; three whole numbers are ms of feed, entry and response.

    A fitted model gives the latencies it was fitted to. Raises UsageError: it is none of these.
    """
    if latency is None:
        return NONE
    if isinstance(latency, NoValue):
        raise UsageError(f"there is no latency model to use: {latency.reason}")
    found = getattr(latency, "sampled", latency)
    if isinstance(found, Latency | SampledLatency):
        return found
    try:
        feed, entry, response = found
        return Latency.of_ms(int(feed), int(entry), int(response))
    except (TypeError, ValueError) as wrong:
        raise UsageError(
            f"latency must be three numbers of ms (feed, entry, response), 0 or more: {latency!r}"
        ) from wrong


def amount(value: Number, name: str) -> Decimal:
    """An exact amount; a float counts as the shortest decimal that names it (0.02 is 0.02).

    Raises:
        UsageError: it is not a finite number, or too large to count in 1e-8.
    """
    try:
        exact = Decimal(str(value))
    except InvalidOperation as wrong:
        raise UsageError(f"{name} must be a number, not {value!r}") from wrong
    if not exact.is_finite():
        raise UsageError(f"{name} must be a finite number, not {value!r}")
    if abs(exact) > _MOST:
        raise UsageError(f"{name} must be at most {_MOST:,}, not {value!r}")
    return exact


def positive(value: Number, name: str) -> Decimal:
    """As `amount`, and above 0."""
    exact = amount(value, name)
    if exact <= 0:
        raise UsageError(f"{name} must be above 0, not {exact}")
    return exact


def moment_ns(moment: Moment | None, name: str) -> int | None:
    """UTC ns of ISO 8601 text, a datetime (naive means UTC) or ns themselves.

    Raises:
        UsageError: the text names no moment.
    """
    if moment is None or isinstance(moment, int):
        return moment
    text = moment.isoformat() if isinstance(moment, datetime) else moment
    try:
        return parse_utc(text)
    except ValueError as wrong:
        raise UsageError(
            f"{name} {text!r} is not a date or time such as 2024-08-08 or 2024-08-08T12:00"
        ) from wrong


def span_ns(start: Moment | None, end: Moment | None) -> tuple[int | None, int | None]:
    """UTC ns of [start, end); None is open.

    Raises:
        UsageError: as `moment_ns`, or no time lies between them.
    """
    first, last = moment_ns(start, "start"), moment_ns(end, "end")
    if first is not None and last is not None and first >= last:
        raise UsageError(f"start {start} is not before end {end}: no time lies between them")
    return first, last
