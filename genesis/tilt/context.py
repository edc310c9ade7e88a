"""What happened before an act, as far as indicators look back. Context never adds to the score."""

from dataclasses import dataclass, field

from genesis.tilt.actions import STOP_LOSS, ActionKind, UserAction

_ACTS = frozenset({ActionKind.ORDER_SUBMIT, ActionKind.ORDER_CANCEL, ActionKind.POSITION_CLOSED})


def is_entry(action: UserAction) -> bool:
    """Does the act ask for new risk?"""
    return action.kind == ActionKind.ORDER_SUBMIT and not action.reduces_risk


@dataclass(slots=True)
class Context:
    """The session that is on.

    last_act_us: the last submit, cancel or close. losses, wins: closed trades in a row.
    stopped_out_us: by symbol, stop-outs not yet followed by an entry.
    """

    session_id: str = ""
    last_act_us: int | None = None
    losses: int = 0
    wins: int = 0
    stopped_out_us: dict[str, int] = field(default_factory=dict)

    def begin(self, action: UserAction) -> None:
        """A new session forgets the old one. Called before the act is looked at."""
        is_new = action.session_id not in ("", self.session_id)
        if not is_new and action.kind != ActionKind.SESSION_START:
            return
        self.session_id = action.session_id or self.session_id
        self.last_act_us = None
        self.losses = self.wins = 0
        self.stopped_out_us.clear()

    def remember(self, action: UserAction, ts_us: int) -> None:
        """Called after the act was looked at."""
        if action.kind in _ACTS:
            self.last_act_us = ts_us
        if action.kind == ActionKind.POSITION_CLOSED:
            self._close(action, ts_us)
        if is_entry(action) and action.symbol is not None:
            self.stopped_out_us.pop(action.symbol, None)

    def _close(self, action: UserAction, ts_us: int) -> None:
        if action.reason == STOP_LOSS and action.symbol is not None:
            self.stopped_out_us[action.symbol] = ts_us
        if action.pnl_r is None or action.pnl_r == 0:
            return
        if action.pnl_r < 0:
            self.losses, self.wins = self.losses + 1, 0
        else:
            self.losses, self.wins = 0, self.wins + 1
