"""Every request passes here: who may send now, who waits, and what each answer taught us.

Three things can stand in a request's way. The venue told us to be silent (429, 418): nothing
of the kind leaves until then, not even a cancel, for it would be refused and make it worse. The
circuit breaker is open, or our clock is off: orders that add risk are refused, and by the breaker
reads are, too. The share of the venue's limits is used up: reads wait, entries are refused.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final

from genesis.domain.time import MILLISECOND, MINUTE, SECOND
from genesis.exchange.breaker import Circuit, Pass, State
from genesis.exchange.classify import (
    BINANCE_CODES,
    Answer,
    Codes,
)
from genesis.exchange.conduct import Conduct
from genesis.exchange.key_trouble import KeyTrouble
from genesis.exchange.quota import Quota
from genesis.exchange.weights import (
    BINANCE_TARIFF,
    COUNTERS,
    WALLET_LIMIT,
    Lane,
    Limits,
    Tariff,
    Zone,
    is_order,
    lane_of,
    weight_of,
    zone_of,
)

Clock = Callable[[], int]
_LOOK_S: Final = 0.25
_LATENCIES: Final = 20
_SILENCES: Final = {
    Zone.ALL: "has banned us: nothing can be sent, no cancel either,",
    Zone.MARKET: "asked us to be silent: nothing can be sent, no cancel either,",
    Zone.WALLET: "tells nothing of deposits, withdrawals and keys",
    Zone.ORDERS: "takes no more orders of ours",
}


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be sent. weight: what it costs where the venue says no."""

    endpoint: str
    lane: Lane
    weight: int
    zone: Zone

    @classmethod
    def of(
        cls,
        endpoint: str,
        params: Mapping[str, str],
        lane: Lane | None,
        tariff: Tariff = BINANCE_TARIFF,
    ) -> "Request":
        weight, zone = weight_of(endpoint, params, tariff), zone_of(endpoint)
        return cls(endpoint, lane or lane_of(endpoint), weight, zone)

    @property
    def zones(self) -> tuple[Zone, ...]:
        """Where silence would hold it back."""
        orders = (Zone.ORDERS,) if is_order(self.endpoint) else ()
        return (Zone.ALL, self.zone, *orders)


@dataclass(frozen=True, slots=True)
class Passage:
    """A request that may leave now: what it holds until its answer is known."""

    request: Request
    given: Pass
    tickets: tuple[tuple[str, Quota, int], ...]
    began_ns: int


@dataclass(frozen=True, slots=True)
class Told:
    """How the traffic is, for people and meters. None: nothing is known of it yet."""

    weight_used: int
    weight_limit: int
    orders: tuple[tuple[str, int, int], ...]
    """(span such as 10s, used, limit)"""
    circuit: State
    silent_s: float
    skew_ms: float | None
    latency_ms: float | None
    order_latency_ms: float | None


class Traffic:
    """The state of one line to one venue. codes, tariff: the venue's; default: Binance's."""

    def __init__(
        self,
        conduct: Conduct,
        elapsed_ns: Clock,
        codes: Codes = BINANCE_CODES,
        tariff: Tariff = BINANCE_TARIFF,
    ) -> None:
        self.conduct = conduct
        self._codes = codes
        self.key = KeyTrouble(codes.bad_keys)
        self.circuit = Circuit(conduct.circuit)
        self.clock_doubted = asyncio.Event()
        """Set when the venue did not believe a time stamp: ask it for its time."""
        self.filters_doubted = asyncio.Event()
        """Set when an order was against the venue's filters, or its symbol suspended: learn them
        anew."""
        self.order_latencies: deque[int] = deque(maxlen=_LATENCIES)
        """Of orders that were answered, in ns, the oldest first."""
        self.orders_timed = 0
        self.heard_ns = elapsed_ns()
        """When the venue last answered sensibly."""
        self.skew_ns: int | None = None
        self._latencies: deque[int] = deque(maxlen=_LATENCIES)
        self._elapsed_ns = elapsed_ns
        self._weights = {
            Zone.MARKET: Quota(tariff.limit, tariff.span_ns),
            Zone.WALLET: Quota(WALLET_LIMIT, MINUTE),
        }
        self._raw: Quota | None = None
        self._orders: dict[str, Quota] = {}
        self._silent: dict[Zone, tuple[int, str]] = {}
        """Until when, and by which answer."""

    # -- what is learnt ----------------------------------------------------------------------
    def learn(self, rows: object) -> None:
        """`rateLimits` of exchangeInfo."""
        limits = Limits(rows)
        self._weights[Zone.MARKET].limit = limits.weight
        if limits.raw is not None:
            most, span_ns = limits.raw
            self._raw = self._raw or Quota(most, span_ns)
            self._raw.limit = most
        for header, limit, span_ns in limits.orders:
            quota = self._orders.setdefault(header, Quota(limit, span_ns))
            quota.limit = limit

    def clock_off(self, skew_ns: int) -> None:
        """Our clock less the venue's, as it was just compared, in ns of the wall."""
        self.skew_ns = skew_ns
        self.clock_doubted.clear()

    # -- before a request --------------------------------------------------------------------
    async def enter(self, request: Request) -> Passage | Answer:
        """Leave to send, at once or when there is room; else the answer: nothing was sent."""
        deadline_ns = self._elapsed_ns() + int(self.conduct.retries.longest_s * SECOND)
        while True:
            now_ns = self._elapsed_ns()
            refused = self._refusal(request, now_ns)
            if refused is not None:
                return refused
            wait_s = self._wait_s(request, now_ns)
            if wait_s == 0:
                return self._depart(request, now_ns)
            if now_ns + wait_s * SECOND > deadline_ns:
                return _unsent(self._full(request, now_ns), wait_s)
            await asyncio.sleep(min(wait_s, _LOOK_S))

    def _depart(self, request: Request, now_ns: int) -> Passage | Answer:
        """The breaker is asked last: a pass that was given is used."""
        given: Pass | None = Pass.PLAIN
        if request.lane is Lane.READ and request.zone is Zone.MARKET:
            given = self.circuit.enter(now_ns)
        if given is None:
            rest_s = max(1.0, self.circuit.rest_ns(now_ns) / SECOND)
            return _unsent(self._broken(now_ns), rest_s)
        quotas = [(COUNTERS[request.zone], self._weights[request.zone], request.weight)]
        if self._raw is not None and request.zone is Zone.MARKET:
            quotas.append(("", self._raw, 1))  # no header counts them
        if is_order(request.endpoint):
            quotas += [(header, quota, 1) for header, quota in self._orders.items()]
        tickets = tuple((name, quota, quota.sent(units, now_ns)) for name, quota, units in quotas)
        return Passage(request, given, tickets, now_ns)

    def _refusal(self, request: Request, now_ns: int) -> Answer | None:
        """Why it must not leave, and will not soon."""
        for zone in request.zones:
            words = self._silence_of(zone, now_ns)
            if words is not None:
                return _unsent(words, (self._silent[zone][0] - now_ns) / SECOND)
        if request.lane is Lane.ENTRY:
            why = self.entry_problem()
            return None if why is None else _unsent(why, 1.0)
        return None

    def entry_problem(self) -> str | None:
        """Why no order that adds risk is sent now; None: it is."""
        now_ns = self._elapsed_ns()
        if self.circuit.state is not State.CLOSED:
            return self._broken(now_ns)
        if self.key.problem or self.clock_problem:
            return self.key.problem or self.clock_problem
        if self._raw is not None and not self._raw.fits(1, self._share(self._raw), now_ns):
            return _used_up(self._raw, "requests", now_ns)
        for header, quota in self._orders.items():
            if not quota.fits(1, self._share(quota), now_ns):
                span = header.rpartition("-")[2]
                return f"{quota.used(now_ns)} of {quota.limit} orders in {span} are used"
        return None

    @property
    def clock_problem(self) -> str | None:
        """None too while the clocks have not been compared."""
        if self.clock_doubted.is_set():
            return "the venue does not believe our clock; it is being set"
        if self.skew_ns is None or abs(self.skew_ns) <= self.conduct.skew_ns:
            return None
        return f"our clock is {self.skew_ns / MILLISECOND:+.0f} ms from the venue's"

    @property
    def silence(self) -> str | None:
        """Why nothing that concerns trading is sent now; None: it is."""
        now_ns = self._elapsed_ns()
        return self._silence_of(Zone.ALL, now_ns) or self._silence_of(Zone.MARKET, now_ns)

    def _silence_of(self, zone: Zone, now_ns: int) -> str | None:
        until_ns, why = self._silent.get(zone, (0, ""))
        if now_ns >= until_ns:
            return None
        return f"the venue {_SILENCES[zone]} for {ceil((until_ns - now_ns) / SECOND)} s ({why})"

    @property
    def circuit_problem(self) -> str | None:
        """None while it is closed."""
        return None if self.circuit.state is State.CLOSED else self._broken(self._elapsed_ns())

    def _wait_s(self, request: Request, now_ns: int) -> float:
        """0: there is room for it now."""
        if is_order(request.endpoint) or "Delete" in request.endpoint:
            return 0.0  # they cost nothing where they succeed
        full = self._full_one(request, now_ns)
        return 0.0 if full is None else max(0.001, full.room_in_ns(now_ns) / SECOND)

    def _full_one(self, request: Request, now_ns: int) -> Quota | None:
        """The limit that leaves no room for the request; None: there is room."""
        limits = [(self._weights[request.zone], request.weight)]
        if self._raw is not None and request.zone is Zone.MARKET:
            limits.append((self._raw, 1))
        for quota, units in limits:
            most = quota.limit if request.lane is Lane.URGENT else self._share(quota)
            if not quota.fits(units, most, now_ns):
                return quota
        return None

    def _full(self, request: Request, now_ns: int) -> str:
        quota = self._full_one(request, now_ns) or self._weights[request.zone]
        what = "requests" if quota is self._raw else "requests' weight"
        return _used_up(quota, what, now_ns) + "; the rest is kept"

    def _share(self, quota: Quota) -> int:
        return int(quota.limit * self.conduct.share)

    def _broken(self, now_ns: int) -> str:
        left_s = ceil(self.circuit.rest_ns(now_ns) / SECOND)
        then = f"it is tried again in {left_s} s" if left_s else "it is being tried"
        return f"the venue failed too often; {then}"

    # -- after it ----------------------------------------------------------------------------
    def left(self, passage: Passage, answer: Answer) -> None:
        """Its answer, or that none came."""
        now_ns = self._elapsed_ns()
        for header, quota, ticket in passage.tickets:
            if answer.was_sent:
                quota.answered(ticket, _count(answer, header), now_ns)
            else:
                quota.never_left(ticket)
        self._count(passage, answer, now_ns)
        self._heed(passage.request, answer, now_ns)

    def _count(self, passage: Passage, answer: Answer, now_ns: int) -> None:
        """A wallet that tells nothing of deposits is no reason not to trade."""
        has_failed, is_market = _is_failure(answer), passage.request.zone is Zone.MARKET
        if has_failed and is_market:
            self.circuit.failed(passage.given, now_ns)
        elif is_market:
            self.circuit.passed(passage.given)
        if not has_failed:
            self._time(passage, now_ns)

    def never_left(self, passage: Passage) -> None:
        """It was not sent after all."""
        for _, quota, ticket in passage.tickets:
            quota.never_left(ticket)
        self.circuit.dropped(passage.given)

    def gave_up(self, passage: Passage) -> None:
        """Nobody waits for the answer any more; it may have been sent."""
        now_ns = self._elapsed_ns()
        for _, quota, ticket in passage.tickets:
            quota.answered(ticket, None, now_ns)
        self.circuit.dropped(passage.given)

    def _time(self, passage: Passage, now_ns: int) -> None:
        self.heard_ns = now_ns
        self._latencies.append(now_ns - passage.began_ns)
        if is_order(passage.request.endpoint):
            self.order_latencies.append(now_ns - passage.began_ns)
            self.orders_timed += 1

    def _heed(self, request: Request, answer: Answer, now_ns: int) -> None:
        """What the venue asks of us."""
        codes = self._codes
        self.key.heed(request.endpoint, answer)
        if answer.code == codes.bad_timestamp:
            self.clock_doubted.set()
        elif answer.code in codes.bad_filters or answer.message == codes.closed_words:
            self.filters_doubted.set()
        zone = _silenced(codes, request, answer)
        if zone is not None:
            asked_s = answer.retry_after_s
            wait_s = self.conduct.silence_s if asked_s is None else asked_s
            until_ns = now_ns + int(wait_s * SECOND)
            self._silent[zone] = max(self._silent.get(zone, (0, "")), (until_ns, answer.told()))

    # -- for people --------------------------------------------------------------------------
    def told(self) -> Told:
        now_ns, weight = self._elapsed_ns(), self._weights[Zone.MARKET]
        silent = (self._silent.get(zone, (0, ""))[0] for zone in (Zone.ALL, Zone.MARKET))
        return Told(
            weight_used=weight.used(now_ns),
            weight_limit=weight.limit,
            orders=tuple(
                (header.rpartition("-")[2], quota.used(now_ns), quota.limit)
                for header, quota in self._orders.items()
            ),
            circuit=self.circuit.state,
            silent_s=max(0.0, (max(silent) - now_ns) / SECOND),
            skew_ms=None if self.skew_ns is None else self.skew_ns / MILLISECOND,
            latency_ms=_middle_ms(self._latencies),
            order_latency_ms=_middle_ms(self.order_latencies),
        )


def _silenced(codes: Codes, request: Request, answer: Answer) -> Zone | None:
    """Where the venue wants to hear nothing more of us for a while; None: nowhere."""
    if answer.status in codes.banned or answer.code in codes.banned:
        return Zone.ALL
    if answer.status not in codes.too_many and answer.code not in codes.too_many:
        return None
    return Zone.ORDERS if answer.code in codes.too_many_orders else request.zone


def _used_up(quota: Quota, what: str, now_ns: int) -> str:
    span_s = quota.span_ns // SECOND
    return f"{quota.used(now_ns)} of the {quota.limit} {what} in {span_s} s is used"


def _is_failure(answer: Answer) -> bool:
    """Silence, garbage, or the venue's own trouble: never a refusal."""
    return answer.status is None or answer.status >= 500


def _unsent(why: str, wait_s: float) -> Answer:
    return Answer(None, message=f"nothing was sent: {why}", was_sent=False, retry_after_s=wait_s)


def _count(answer: Answer, header: str) -> int | None:
    value = answer.headers.get(header, "")
    return int(value) if value.isdigit() else None


def _middle_ms(spans: deque[int]) -> float | None:
    return sorted(spans)[len(spans) // 2] / MILLISECOND if spans else None
