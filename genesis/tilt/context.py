"""What happened before an act, as far as indicators look back. Context never adds to the score."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from genesis.tilt.actions import (
    CANCEL,
    CLICK,
    CLOSED,
    SESSION_END,
    SESSION_START,
    STOP_LOSS,
    SUBMIT,
    ActionKind,
    UserAction,
)
from genesis.tilt.rules import BehaviourRules

_ACTS: Final = frozenset({SUBMIT, CANCEL, CLOSED})
ENTRY: Final = "ENTRY"
"""A submit that asks for new risk."""
_US: Final = 1_000_000
_DAY_US: Final = 86_400 * _US
_UNASKED: Final = frozenset({CLOSED, ActionKind.DEPOSIT})
"""What is told of the trader whether he is there or not."""
_PAGE: Final = frozenset(
    {ActionKind.JOURNAL_OPEN, ActionKind.JOURNAL_LEAVE, ActionKind.JOURNAL_SUBMIT}
)
_R_MAX: Final = 1e6  # more is no result: sums stay finite


def is_entry(action: UserAction) -> bool:
    """Does the act ask for new risk?"""
    return action.kind == SUBMIT and not action.reduces_risk


def asks_as(action: UserAction) -> str:
    """What the tables of measures and indicators call the act: its kind, or `ENTRY`."""
    return ENTRY if is_entry(action) else action.kind


def is_click(action: UserAction) -> bool:
    """A click that is not on the way to less risk."""
    return action.kind == CLICK and not action.reduces_risk


def is_own(action: UserAction, rules: BehaviourRules | None) -> bool:
    """Was he there when it happened? A run under rules that do not ask takes it for granted."""
    return rules is None or not rules.own_doing or action.kind not in _UNASKED


@dataclass(slots=True)
class Context:
    """The session that is on, and what outlasts it.

    last_act_us: the last submit, cancel or close. losses, wins: closed trades in a row.
    stopped_out_us: by symbol, stop-outs not yet followed by an entry. session_r: result of the
    session in initial risks. last_seen_us: the last act of any kind; last_own_us: the last one for
    which he was there. entered_us, entries_us, clicks_us: the last entry, and those of the
    windows. widened: symbols whose stop was moved away while the position is open. insisted_us:
    the last request far above the cap.
    Of the last entry: owed_joint, what its joint step was below zero; insists, it counts as
    refused already. page_opened_us: of the page that is open. results: closed trades not long ago,
    (stamp, R). tripped_us: a breaker. lost_session_us: the end of the last losing session.
    day, day_r: results of the UTC day; loss_day: the last losing one.
    """

    session_id: str = ""
    session_start_us: int | None = None
    session_r: float = 0.0
    last_seen_us: int = 0
    last_own_us: int = 0
    last_act_us: int | None = None
    losses: int = 0
    wins: int = 0
    stopped_out_us: dict[str, int] = field(default_factory=dict)
    entered_us: int | None = None
    entries_us: deque[int] = field(default_factory=deque)
    clicks_us: deque[int] = field(default_factory=deque)
    widened: list[str] = field(default_factory=list)
    insisted_us: int | None = None
    owed_joint: float = 0.0
    insists: bool = False
    page_opened_us: int | None = None
    results: deque[tuple[int, float]] = field(default_factory=deque)
    tripped_us: int | None = None
    lost_session_us: int | None = None
    day: int = -1
    day_r: float = 0.0
    loss_day: int | None = None

    def begin(self, action: UserAction, ts_us: int, rules: BehaviourRules | None) -> float | None:
        """A new session forgets the old one. Called before the act is looked at.

        A session lasts from his first act to his last one. What happened in the silence since then
        is not forgotten with it: a stop-out is fresh for whoever comes back to it.

        Returns:
            The length in seconds of a session that ended without saying so; None: none did.
        """
        is_new = action.kind == SESSION_START or self._is_renamed(action, rules)
        is_over = is_new
        if rules is not None:
            break_us = rules.acts.session_break_s * _US
            is_new |= ts_us - self.last_seen_us > break_us
            is_silent = ts_us - self.last_own_us > break_us
            is_over = is_new or (is_silent and action.kind != SESSION_END)
        length_s = self._length_s() if is_over else None
        if is_new:
            self.end(self.last_seen_us)
            self.session_id = action.session_id or self.session_id
        if is_over:
            self.session_start_us = None
        if self.session_start_us is None and is_own(action, rules):
            self.session_start_us = ts_us
        return length_s

    def _is_renamed(self, action: UserAction, rules: BehaviourRules | None) -> bool:
        """An id is what the client likes to send: it begins a session under older rules only."""
        counts = rules is None or not rules.own_doing
        return counts and action.session_id not in ("", self.session_id)

    def _length_s(self) -> float | None:
        start_us = self.session_start_us
        return None if start_us is None else (self.last_own_us - start_us) / _US

    def end(self, ts_us: int) -> None:
        """The session is over, and nothing of it is looked back at."""
        if self.session_r < 0:
            self.lost_session_us = ts_us
        self.session_start_us = self.last_act_us = self.insisted_us = None
        self.session_r = self.owed_joint = 0.0
        self.losses = self.wins = 0
        self.stopped_out_us.clear()

    def widen(self, symbol: str | None) -> None:
        """The stop of the position in the symbol was moved away or removed."""
        if symbol is not None and symbol not in self.widened:
            self.widened.append(symbol)

    def lost_recently(self, ts_us: int, within_s: float) -> bool:
        """Is this session losing, or was one that ended not long ago?"""
        ended = self.lost_session_us
        return self.session_r < 0 or (ended is not None and ts_us - ended <= within_s * _US)

    def calm_from_us(self, ts_us: int, within_s: float) -> int | None:
        """When that will be long ago; None: it is. A session that is on ends with its last act."""
        ended = self.last_seen_us if self.session_r < 0 else self.lost_session_us
        from_us = None if ended is None else ended + int(within_s * _US)
        return from_us if from_us is not None and from_us > ts_us else None

    def result_between(self, from_us: int, to_us: int) -> float:
        """Sum of the results of trades closed in this time, both ends included, in R."""
        return sum(pnl_r for at_us, pnl_r in self.results if from_us <= at_us <= to_us)

    def remember(self, action: UserAction, ts_us: int, rules: BehaviourRules | None) -> None:
        """Called after the act was looked at."""
        self.last_seen_us = ts_us
        if is_own(action, rules):
            self.last_own_us = ts_us
        if action.kind in _ACTS:
            self.last_act_us = ts_us
        if action.kind == CLOSED:
            self._close(action, ts_us)
        if rules is not None:
            self._remember_more(action, ts_us, rules)
        if self.stopped_out_us and is_entry(action) and action.symbol is not None:
            self.stopped_out_us.pop(action.symbol, None)

    def _close(self, action: UserAction, ts_us: int) -> None:
        if action.reason == STOP_LOSS and action.symbol is not None:
            self.stopped_out_us[action.symbol] = ts_us
        if action.pnl_r is None:
            return
        pnl_r = _in_r(action)
        self.session_r += pnl_r
        if pnl_r:
            self._count_day(pnl_r, ts_us)
            self.losses, self.wins = (self.losses + 1, 0) if pnl_r < 0 else (0, self.wins + 1)

    def _count_day(self, pnl_r: float, ts_us: int) -> None:
        day = ts_us // _DAY_US
        if day != self.day:
            self.day, self.day_r = day, 0.0
        self.day_r += pnl_r
        if self.day_r < 0:
            self.loss_day = day
        elif self.loss_day == day:
            self.loss_day = None

    def _remember_more(self, action: UserAction, ts_us: int, rules: BehaviourRules) -> None:
        pace = rules.pace
        if is_entry(action):
            self.entered_us = ts_us
            _slide(self.entries_us, ts_us, pace.entries_window_s, pace.kept)
            size = action.size_fraction
            if size is not None and size > rules.acts.insist_multiple:
                self.insisted_us = ts_us
        elif is_click(action):
            _slide(self.clicks_us, ts_us, pace.clicks_window_s, pace.kept)
        elif action.kind in _PAGE:
            self.page_opened_us = ts_us if action.kind == ActionKind.JOURNAL_OPEN else None
        elif action.kind == SESSION_END:
            self.end(ts_us)
        elif action.kind == CLOSED:
            self.entered_us = None
            if action.symbol in self.widened:
                self.widened.remove(action.symbol)
            if action.pnl_r is not None:
                self._keep_result(ts_us, _in_r(action), rules)

    def _keep_result(self, ts_us: int, pnl_r: float, rules: BehaviourRules) -> None:
        self.results.append((ts_us, pnl_r))
        oldest_us = ts_us - int(rules.telling.deposit_s * _US)
        while self.results[0][0] < oldest_us or len(self.results) > rules.pace.kept:
            self.results.popleft()


def _slide(stamps: deque[int], ts_us: int, window_s: float, kept: int) -> None:
    stamps.append(ts_us)
    while ts_us - stamps[0] > window_s * _US or len(stamps) > kept:
        stamps.popleft()


def _in_r(action: UserAction) -> float:
    return max(-_R_MAX, min(_R_MAX, float(action.pnl_r or 0)))
