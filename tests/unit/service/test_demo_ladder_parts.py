"""The parts of the ladder's story: its past, its market and its trader, each alone."""

import asyncio
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from genesis.domain.account import Tier
from genesis.domain.events import BookTop, TradeTick
from genesis.domain.time import DAY, HOUR, SECOND
from genesis.engine.digest import DecisionDigest
from genesis.engine.step import Step
from genesis.errors import InvariantBroken
from genesis.research.instruments import instrument
from genesis.rules import load
from genesis.service.demo import history
from genesis.service.demo.climber import Climber
from genesis.service.demo.falling import FALL, FallingMarket
from genesis.service.demo.history import CAPITAL, record_history
from genesis.service.demo.recording import RecordedHome
from genesis.service.demo.stories import LADDER_NS
from genesis.sim.sample import START_NS, sample_market
from genesis.store.database import DATABASE_NAME
from genesis.store.event_log import EventLog

BTC = instrument("BTC/USDT")


def decided(recorded: RecordedHome) -> str:
    """All of it, in one word."""
    digest = DecisionDigest()
    with EventLog.open(recorded.home / DATABASE_NAME) as log:
        for step in log.read():
            digest.add(Step(step.event, step.outcomes, step.commands))
    return digest.hexdigest()


# -- the history -----------------------------------------------------------------------------
def test_the_history_is_the_same_every_time(tmp_path: Path) -> None:
    first = record_history(tmp_path / "a", BTC, LADDER_NS, "7")
    second = record_history(tmp_path / "b", BTC, LADDER_NS, "7")
    assert decided(first) == decided(second)
    assert (first.end_ns, first.usdt) == (LADDER_NS, second.usdt)


def test_the_loss_that_demotes_is_reached_before_the_drawdown_that_halts() -> None:
    """Else the story would end in a halt."""
    risk = load("sniper").risk
    table = risk.tiers[Tier.HUNTER].drawdown
    assert table is not None
    assert risk.daily_loss_fraction * CAPITAL * 11 / 10 < table.halt_usdt


def test_the_ladder_is_the_shipped_one(tmp_path: Path) -> None:
    made = record_history(tmp_path / "home", BTC, LADDER_NS, "0")
    story, shipped = load(made.rules), load("sniper")
    assert story.tiers == shipped.tiers
    assert story.risk.tiers[Tier.SNIPER] == shipped.risk.tiers[Tier.SNIPER]
    assert story.risk.tiers[Tier.HUNTER].drawdown == shipped.risk.tiers[Tier.HUNTER].drawdown
    assert story.risk.daily_loss_fraction == shipped.risk.daily_loss_fraction


def test_a_history_that_is_too_short_is_no_story(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "_DAYS", 20)
    with pytest.raises(InvariantBroken, match="ends in ACTIVE, not at the ceremony"):
        record_history(tmp_path / "home", BTC, LADDER_NS, "0")


# -- the market ------------------------------------------------------------------------------
def market(seconds: int = 120) -> FallingMarket:
    return FallingMarket(3, START_NS, seconds, "BTC/USDT", BTC.price_tick)


def _unnumbered(event: TradeTick | BookTop) -> TradeTick | BookTop:
    return replace(event, trade_id=0) if isinstance(event, TradeTick) else event


def test_a_calm_market_is_the_sample_thinned_to_a_moment_a_second() -> None:
    events = list(market().feed())
    whole = {_unnumbered(event) for event in sample_market(3, START_NS, 120, "BTC/USDT")}
    assert {_unnumbered(event) for event in events} <= whole
    numbers = [event.trade_id for event in events if isinstance(event, TradeTick)]
    assert numbers == list(range(1, len(numbers) + 1)), "nothing looks lost"
    tops = [event.ts_ns // SECOND for event in events if isinstance(event, BookTop)]
    assert tops == list(range(START_NS // SECOND, START_NS // SECOND + 120))
    assert any(isinstance(event, TradeTick) for event in events)


def test_the_market_falls_once_and_every_trade_meets_the_fallen_book() -> None:
    falling, seen = market(), []
    for event in falling.feed():
        seen.append(event)
        if event.ts_ns - START_NS > 60 * SECOND:
            falling.fall()
    tops = [event for event in seen if isinstance(event, BookTop)]
    jumps = [after.bid / before.bid for before, after in pairwise(tops)]
    (fall,) = [jump for jump in jumps if jump < 1 - FALL / 2]
    assert abs(fall - (1 - FALL)) < FALL / 100
    book = tops[0]
    for event in seen:
        if isinstance(event, BookTop):
            book = event
            assert event.bid < event.ask
        else:
            assert event.price in (book.bid, book.ask), "a trade beside the book that stands"
            assert event.price % BTC.price_tick == 0


def test_the_market_ends_a_while_after_the_story() -> None:
    ending, last_ns = market(), 0
    for event in ending.feed():
        if not last_ns and event.ts_ns - START_NS > 30 * SECOND:
            ending.end(20)
        last_ns = event.ts_ns if event.ts_ns - START_NS > 30 * SECOND else 0
    assert 48 * SECOND < last_ns - START_NS <= 52 * SECOND


# -- the trader ------------------------------------------------------------------------------
class FakeDoor:
    """Answers as an engine would that is told what to do with the ceremony and the fall."""

    def __init__(self, *, ceremony: bool = True, fills: bool = True, demotes: bool = True) -> None:
        self.has_ceremony, self.fills, self.demotes = ceremony, fills, demotes
        self.fallen = self.held = False
        self.typed: list[str] = []
        self.at_ns = 0
        self.ended_after: int | None = None

    def fall(self) -> None:
        self.fallen = True

    def end(self, seconds: float) -> None:
        self.ended_after = int(seconds)

    def now_ns(self) -> int:
        return self.at_ns

    async def wait(self, seconds: float) -> None:
        self.at_ns += int(seconds * SECOND)

    async def tier_path(self) -> dict[str, Any]:
        mode = "EMERGENCY" if self.fallen and self.demotes else "CEREMONY"
        ceremony = {"phrase": "exactly so"} if self.has_ceremony else None
        told = {"tier": "SNIPER", "mode": mode, "gates": [1], "ceremony": ceremony}
        return told | {"message": "first line\nsecond line", "plan": ["one calm line"]}

    async def hold_ceremony(self, phrase: str) -> dict[str, Any]:
        self.typed.append(phrase)
        return {"tier": "HUNTER", "mode": "ADJUST48"}

    async def is_flat(self) -> bool:
        return self.fallen or not self.held

    async def command(self, text: str, latency_ms: int | None = None) -> dict[str, Any]:
        self.typed.append(text)
        self.held = self.fills
        return {"verdict": "approved", "notes": []}


def played(door: FakeDoor) -> list[str]:
    said: list[str] = []
    asyncio.run(Climber(door, "BTC/USDT", said.append, door, pause_s=300).play())
    assert door.ended_after == 300, "the market ends whatever became of the story"
    return said


def test_he_types_the_phrase_exactly_and_grows_only_then() -> None:
    door = FakeDoor()
    said = played(door)
    assert door.typed[:2] == ["exactly so", "buy 2000 usdt BTC/USDT"]
    assert door.fallen
    assert {"first line", "second line", "  one calm line"} <= set(said)
    assert door.typed[-1] == "buy 100 usdt BTC/USDT"


@pytest.mark.parametrize(
    ("door", "words"),
    [
        (FakeDoor(ceremony=False), "no ceremony can be held"),
        (FakeDoor(fills=False), "nothing is held"),
        (FakeDoor(demotes=False), "stayed within its limit"),
    ],
)
def test_a_story_that_goes_another_way_says_so(door: FakeDoor, words: str) -> None:
    said = "\n".join(played(door))
    assert words in said
    assert door.fallen == (not door.demotes)
    assert door.now_ns() < DAY // 24 + HOUR
