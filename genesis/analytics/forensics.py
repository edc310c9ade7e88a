"""Why did this order come to be, or not? Every recorded step that led to it, in order.

An order's story is that of its position: from what made somebody want the entry, through score,
checks, verdict, wire and venue, to the stop behind it and the close. A refusal's story is the act,
the score and every failed check.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from genesis.analytics import forensic_words as words
from genesis.domain.commands import CancelOrder, Command, SubmitOrder
from genesis.domain.events import OperatorActed, OrderEvent, OrderFilled
from genesis.domain.ids import OrderKey
from genesis.domain.orders import Purpose
from genesis.domain.outcomes import (
    CommandAnswered,
    OrderApproved,
    OrderRefused,
    Outcome,
    OverrideJudged,
    PositionChanged,
    PositionClosed,
    PositionOpened,
    TierChanged,
    TiltLevelChanged,
    TiltScored,
)
from genesis.domain.recorded import Recorded

_ENDED: Final = frozenset({"OrderRejected", "OrderCancelled", "OrderExpired"})
_CONCERNS: Final = frozenset({"close", "close_all", "cancel_all", "stop", "halt"})


class RecordedStep(Recorded, Protocol):
    """One step of the log, with the wire ids of its commands."""

    @property
    def wire_ids(self) -> tuple[str | None, ...]: ...


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened. order: its key as text, empty where no single order is meant.

    what: asked, score, approved, refused, answered, sent, venue, filled, position, closed.
    """

    ts_ns: int
    run: int
    step: int
    what: str
    order: str
    text: str


@dataclass(frozen=True, slots=True)
class Story:
    """Lines in recorded order. asked: what was asked for; orders: all keys in it."""

    asked: str
    symbol: str
    orders: tuple[str, ...]
    lines: tuple[Line, ...]
    end: str


def explain(steps: Iterable[RecordedStep], which: OrderKey | str) -> Story | None:
    """The story of an order key or of an operator's client reference; None if there is none.

    The steps must begin where the position's entry was asked for, or before.
    """
    for chapter in _Reader().read(steps):
        if which in chapter.keys or which in chapter.refs:
            return chapter.story(str(which))
    return None


@dataclass(slots=True)
class _Chapter:
    """Everything about one position of a symbol, or one answer that made none."""

    symbol: str
    keys: dict[OrderKey, bool] = field(default_factory=dict)
    refs: set[str] = field(default_factory=set)
    lines: list[Line] = field(default_factory=list)
    is_held: bool = False
    end: str = "still under way"

    @property
    def is_over(self) -> bool:
        return not self.is_held and not any(self.keys.values())

    def story(self, asked: str) -> Story:
        orders = tuple(str(key) for key in self.keys)
        return Story(asked, self.symbol, orders, tuple(self.lines), self.end)


class _Reader:
    """Goes through the record once; one open chapter per symbol."""

    def __init__(self) -> None:
        self._open: dict[str, _Chapter] = {}
        self._symbol_of: dict[OrderKey, str] = {}
        self._score: TiltScored | TiltLevelChanged | None = None
        self._mode = ""

    def read(self, steps: Iterable[RecordedStep]) -> Iterator[_Chapter]:
        for step in steps:
            yield from self._step(step)
        yield from self._open.values()

    def _step(self, step: RecordedStep) -> Iterator[_Chapter]:
        event = step.event
        if isinstance(event, OrderEvent):
            self._told(step, event)
        elif isinstance(event, OperatorActed):
            self._acted(step, event)
        for outcome in step.outcomes:
            found = self._outcome(step, outcome)
            if found is not None:
                yield found
        for command, wire_id in zip(step.commands, step.wire_ids, strict=False):
            self._sent(step, command, wire_id)
        for symbol in [s for s, chapter in self._open.items() if chapter.is_over]:
            yield self._open.pop(symbol)

    def _acted(self, step: RecordedStep, event: OperatorActed) -> None:
        """An act of the operator that concerns positions or orders that are there."""
        judged = any(isinstance(o, OrderApproved | OrderRefused) for o in step.outcomes)
        if judged or event.verb not in _CONCERNS:
            return
        for symbol, chapter in self._open.items():
            if event.symbol in (None, symbol):
                _add(chapter, step, "asked", words.cause(event, "operator"))
                chapter.refs.add(event.client_ref or "")

    # -- orders ------------------------------------------------------------------------------
    def _told(self, step: RecordedStep, event: OrderEvent) -> None:
        """What the venue said about one of our orders."""
        symbol = self._symbol_of.get(event.key)
        chapter = None if symbol is None else self._open.get(symbol)
        if chapter is None:
            return
        filled = isinstance(event, OrderFilled)
        _add(chapter, step, "filled" if filled else "venue", words.venue(event), event.key)
        if type(event).__name__ in _ENDED:
            chapter.keys[event.key] = False
            chapter.end = words.ended(event) if not chapter.is_held else chapter.end

    def _outcome(self, step: RecordedStep, outcome: Outcome) -> _Chapter | None:
        match outcome:
            case TiltScored() | TiltLevelChanged():
                self._score = outcome
            case TierChanged():
                self._mode = f"{outcome.tier}/{outcome.mode}"
            case OrderApproved():
                self._approved(step, outcome)
            case OrderRefused():
                return self._refused(step, outcome)
            case CommandAnswered(client_ref=str()) | OverrideJudged(client_ref=str()):
                return self._answered(step, outcome)
            case PositionOpened() | PositionChanged() | PositionClosed():
                self._moved(step, outcome)
        return None

    def _approved(self, step: RecordedStep, approved: OrderApproved) -> None:
        request, key = approved.request, approved.key
        chapter = self._open.setdefault(request.symbol, _Chapter(request.symbol))
        self._symbol_of[key] = request.symbol
        chapter.keys[key] = True
        if request.client_ref:
            chapter.refs.add(request.client_ref)
        _add(chapter, step, "asked", words.cause(step.event, request.source), key)
        if request.purpose is Purpose.ENTRY:
            _add(chapter, step, "score", self._state(), key)
        _add(chapter, step, "approved", words.approved(approved), key)

    def _sent(self, step: RecordedStep, command: Command, wire_id: str | None) -> None:
        if not isinstance(command, SubmitOrder | CancelOrder):
            return
        chapter = self._open.get(self._symbol_of.get(command.key, ""))
        if chapter is not None:
            _add(chapter, step, "sent", words.sent(command, wire_id), command.key)

    def _moved(
        self, step: RecordedStep, outcome: PositionOpened | PositionChanged | PositionClosed
    ) -> None:
        chapter = self._open.setdefault(outcome.symbol, _Chapter(outcome.symbol))
        chapter.is_held = not isinstance(outcome, PositionClosed)
        if isinstance(outcome, PositionClosed):  # nothing of its symbol is working any more
            chapter.keys = dict.fromkeys(chapter.keys, False)
            chapter.end = words.closed(outcome)
            _add(chapter, step, "closed", chapter.end)
        elif not any(isinstance(o, PositionClosed) for o in step.outcomes):
            chapter.end = "the position is open"
            _add(chapter, step, "position", words.moved(outcome))

    # -- answers that made no order ----------------------------------------------------------
    def _refused(self, step: RecordedStep, refused: OrderRefused) -> _Chapter:
        chapter = _Chapter(refused.symbol, end="refused: nothing was sent")
        if refused.client_ref:
            chapter.refs.add(refused.client_ref)
        _add(chapter, step, "asked", words.cause(step.event, refused.source))
        _add(chapter, step, "score", self._state())
        for failure in refused.failures:
            _add(chapter, step, "refused", words.failed(failure))
        return chapter

    def _answered(
        self, step: RecordedStep, answer: CommandAnswered | OverrideJudged
    ) -> _Chapter | None:
        """An answer to an act; a chapter of its own where it concerned none that is open."""
        concerned = [each for each in self._open.values() if answer.client_ref in each.refs]
        for each in concerned:
            _add(each, step, "answered", words.answered(answer))
        if concerned:
            return None
        chapter = _Chapter("", end="accepted" if answer.accepted else "not accepted")
        chapter.refs.add(answer.client_ref or "")
        _add(chapter, step, "asked", words.cause(step.event, "operator"))
        _add(chapter, step, "answered", words.answered(answer))
        return chapter

    def _state(self) -> str:
        return words.state(self._score, self._mode)


def _add(
    chapter: _Chapter, step: RecordedStep, what: str, text: str, key: OrderKey | None = None
) -> None:
    order = "" if key is None else str(key)
    chapter.lines.append(Line(step.event.ts_ns, step.run, step.step, what, order, text))
