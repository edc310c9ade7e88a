"""How an account on paper comes to be: a fresh one, or the one that the last run left open."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import NAMESPACE_URL, uuid5

from genesis.domain.account import Balance, Tier
from genesis.domain.events import (
    AccountOpened,
    BalanceReported,
    FeedLost,
    FeedRestored,
    InstrumentReported,
    RunEnded,
    RunStarted,
)
from genesis.domain.money import ZERO
from genesis.domain.paper import PaperTradeReported
from genesis.engine.engine import Engine
from genesis.errors import EventLogError
from genesis.exchange.streams import MARKET
from genesis.risk.blocks import FEED
from genesis.service.broken_lanes import left_behind, newly_broken
from genesis.service.clock import Clock
from genesis.service.logs import log
from genesis.service.paper_account import PaperAccount, restored, untold
from genesis.service.paper_stream import PaperStream, in_tier, openings, stream_name
from genesis.store.chain import Break
from genesis.store.codec import decode
from genesis.store.event_log import EventLog

_log = log("paper lane")
NOT_ASKED: Final = "not asked for any more"
"""Why the run of an account ended that no later run goes on with."""


class Terms(Protocol):
    """Of what the main run trades under, all that an account on paper shares."""

    @property
    def symbols(self) -> tuple[str, ...]: ...
    @property
    def strategies(self) -> tuple[str, ...]: ...
    @property
    def seed(self) -> str: ...
    @property
    def code_sha256(self) -> str: ...
    @property
    def quote(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Opened:
    """An account at work, and the stream it writes."""

    account: PaperAccount
    stream: PaperStream


class PaperOpening:
    """Opens accounts beside the main engine, each in a stream of its own.

    A stream is continued at the start of a run only: later what it holds on disk may not be all.
    """

    def __init__(
        self,
        terms: Terms,
        run: Callable[[], int],
        event_log: EventLog,
        clock: Clock,
        main: Engine,
    ) -> None:
        """run: tells the number of the main run; those of its accounts on paper have the same."""
        self._terms = terms
        self._run = run
        self._event_log = event_log
        self._clock = clock
        self._main = main
        self._count = openings((*event_log.streams, *left_behind(event_log.reader)))

    def broken(self) -> list[Break]:
        """Streams whose record is broken, as the main engine has not heard yet."""
        return newly_broken(self._event_log.reader)

    def left_open(self, tier: Tier) -> Opened | None:
        """The account of the last opening, if it was open in this tier when the last run ended."""
        stream = PaperStream(self._event_log, stream_name(self._count), self._run())
        if stream.name in left_behind(self._event_log.reader):
            return None
        try:
            account = restored(self._event_log.read(stream.name))
            held_back = untold(account.trades, self._reported(stream.name))
        except EventLogError as problem:
            _log.error("the paper account is left behind", problem=problem.message)
            return None
        if account.tier is not tier or account.ended == NOT_ASKED:
            return None
        account.trades.clear()
        account.trades += held_back
        account.settle(stream.write)
        account.take(self._started(tier), stream.write)
        return self._listening(account, stream)

    def _reported(self, stream: str) -> Iterator[PaperTradeReported]:
        """What the main engine has heard of trades on paper since this stream was begun."""
        reader = self._event_log.reader
        first = reader.row(1, stream)
        for row in reader.of_kinds((PaperTradeReported.__name__,)):
            if first is not None and row.run >= first.run:
                yield decode(row.kind, row.v, row.body)

    def fresh(self, tier: Tier) -> Opened:
        """A new account with the sizing capital of the main one: the same sizes, the same basis
        point a day must earn, and nothing of what an earlier one lost.
        """
        state, started = self._main.state, self._started(tier)
        self._count += 1
        name = stream_name(self._count)
        stream = PaperStream(self._event_log, name, self._run())
        ceiling = state.rules.risk.tiers[tier].ceiling_usdt
        equity = max(ZERO, self._main.view.equity_usdt)
        capital = equity if ceiling is None else min(equity, ceiling)
        account_id = str(uuid5(NAMESPACE_URL, f"genesis:{state.ledger.account_id}/{name}"))
        quote = self._terms.quote
        cash = (Balance(quote, capital, ZERO),)
        opened = AccountOpened(started.ts_ns, account_id, name, True, quote, cash)
        account = PaperAccount(started, opened)
        account.take(started, stream.write)
        account.take(opened, stream.write)
        return self._listening(account, stream)

    def leave(self, opened: Opened, reason: str) -> None:
        """The run of an account ends."""
        ended = RunEnded(self._clock.now_ns(), self._run(), reason)
        opened.account.take(ended, opened.stream.write)
        _log.info("left", stream=opened.stream.name, reason=reason)

    def _listening(self, account: PaperAccount, stream: PaperStream) -> Opened:
        """The account hears what the main engine knows of market and venue, and may trade."""
        now_ns, known, write = self._clock.now_ns(), self._main.state, stream.write
        for symbol in self._terms.symbols:
            instrument = known.market.instruments.get(symbol)
            if instrument is not None:
                account.take(InstrumentReported(now_ns, instrument), write)
        is_lost = FEED + MARKET in known.risk.blocks
        account.take((FeedLost if is_lost else FeedRestored)(now_ns, MARKET), write)
        account.take(BalanceReported(now_ns, account.balances), write)
        _log.info("opened", stream=stream.name, tier=account.tier.value)
        return Opened(account, stream)

    def _started(self, tier: Tier) -> RunStarted:
        terms, rules = self._terms, in_tier(self._main.state.rules, tier)
        return RunStarted(
            self._clock.now_ns(),
            self._run(),
            rules.name,
            rules.text,
            rules.sha256,
            terms.code_sha256,
            terms.seed,
            terms.symbols,
            terms.strategies,
        )
