"""Rare acts that are evidence by themselves: the name of the points they bring.

Losing the connection is not leaving the page: who tells of it gives `CONNECTION` as the reason.
"""

from typing import Final

from genesis.tilt.actions import OVERRIDE, ActionKind, UserAction
from genesis.tilt.context import Context
from genesis.tilt.rules import BehaviourRules

CONNECTION: Final = "connection"
LOOSENED: Final = frozenset({"loosen", "code"})
_US: Final = 1_000_000
_PLAIN: Final[dict[tuple[str, str | None], str]] = {
    (OVERRIDE, "accepted"): "override",
    (OVERRIDE, "phrase"): "phrase",
    (ActionKind.CEREMONY_STEP, "phrase"): "phrase",
}
_PASTED: Final = (ActionKind.JOURNAL_SUBMIT, "paste")
_TOLD: Final = frozenset(
    {
        ActionKind.JOURNAL_LEAVE,
        ActionKind.JOURNAL_SUBMIT,
        ActionKind.DEPOSIT,
        ActionKind.RULE_EDIT,
    }
)
"""Kinds of which the moment or the reason tells."""


def telling(
    action: UserAction, ts_us: int, before: Context, rules: BehaviourRules | None
) -> str | None:
    """The name of the points an act brings, or None."""
    plain = _PLAIN.get((action.kind, action.reason))
    if plain is not None or rules is None or action.kind not in _TOLD or action.reduces_risk:
        return plain
    numbers = rules.telling
    match action.kind:
        case ActionKind.JOURNAL_LEAVE:
            is_left = action.reason != CONNECTION and _within(
                before.page_opened_us, ts_us, numbers.left_page_s
            )
            return "left" if is_left else None
        case ActionKind.JOURNAL_SUBMIT:
            return "paste" if (action.kind, action.reason) == _PASTED else None
        case ActionKind.DEPOSIT:
            done_us = _done_us(action, ts_us, rules)
            since_us = done_us - int(numbers.deposit_s * _US)
            has_lost = before.result_between(since_us, done_us) <= -numbers.deposit_loss_r
            has_lost |= _within(before.tripped_us, done_us, numbers.deposit_s)
            return "deposit" if has_lost else None
        case ActionKind.RULE_EDIT:
            is_loose = action.reason in LOOSENED
            return "edit" if is_loose and before.lost_recently(ts_us, numbers.edit_s) else None
    return None


def _done_us(action: UserAction, ts_us: int, rules: BehaviourRules) -> int:
    """When it was done: what came after it is no reason for it."""
    if action.done_us is None or not rules.own_doing:
        return ts_us
    return min(ts_us, int(action.done_us))


def _within(then_us: int | None, ts_us: int, seconds: float) -> bool:
    return then_us is not None and 0 <= ts_us - then_us <= seconds * _US
