"""What becomes of an edit of the rules: outcomes of the engine, as those in `outcomes`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuleEdit:
    """One field of the rules, as it was and as it is wanted. `why`: why it never will be."""

    path: str
    old: str
    new: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class RulesEdited:
    """What became of an edit of the rules.

    what: HELD (at once: stricter), PENDING (until `until_ns`: looser), HELD_LATER (its time came),
    REFUSED (locked), CANCELLED (for `reason`) or WITHDRAWN (it is not wanted any more). `text`:
    the whole of the rules in force from now on, where they changed.
    """

    ts_ns: int
    what: str
    edits: tuple[RuleEdit, ...]
    until_ns: int | None = None
    reason: str = ""
    text: str = ""
