"""An edit of the rules, split: the stricter part holds now, the looser later, the locked never.

Mixed edits are never turned down as a whole. Where the stricter part alone is no valid rulebook
(a lower bound raised above an upper one that may fall only later), the fields that do not fit
wait with the looser ones.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any, Final

from genesis.domain.edits import RuleEdit
from genesis.engine.rulebook import Rules, Split
from genesis.errors import ConfigError
from genesis.rules.book import Document, Source, bind, read
from genesis.rules.diff import ABSENT, Change, Way, diff
from genesis.rules.text import value_text

LOCKED: Final = "it is locked: it changes with a new home only"
NOT_ALONE: Final = "a name holds only with something that it names"
NO_WAIT: Final = "the rules in force do not say how long a loosening waits"
_WHERE: Final = "the wanted rules"


def split(held: Rules, wanted: str) -> Split:
    """What of the wanted text, a whole rulebook, holds at once, later and never.

    Raises:
        ConfigError: the wanted text is no valid rulebook.
    """
    source = read(_WHERE, wanted)
    asked = bind([source])
    document = read("the rules in force", held.text).document
    recorded = _problem(document) is not None  # in force since before there was such a check
    changes = diff(document, source.document, doubt_waits=_doubt_waits(held, asked))
    ways = _ways(held, changes)
    tight = [change for change in changes if change.way in ways]
    loose = [change for change in changes if change.way not in (*ways, Way.LOCKED)]
    never = [_told(change, LOCKED) for change in changes if change.way is Way.LOCKED]
    now, waits, document = _applied(document, tight, recorded)
    after = _bound(document, recorded) if now else held
    later, misfits, due = _applied(document, [*waits, *loose], recorded)
    if later and after.edits is None:
        never += [_told(change, NO_WAIT) for change in later]
        later, due = [], document
    never += [_told(change, _misfit(due, change, recorded)) for change in misfits]
    if all(change.way is Way.NAMES for change in later):
        never += [_told(change, NOT_ALONE) for change in later]
        later, due = [], document
    return Split(
        now=tuple(map(_told, now)),
        later=tuple(map(_told, later)),
        never=tuple(never),
        held=after,
        due=_bound(due, recorded) if later else after,
    )


def _doubt_waits(*either: Rules) -> bool:
    """Where one of the two says so: rules that come with it bring nothing past it."""
    return any(rules.edits is not None and rules.edits.doubt_waits for rules in either)


def _ways(held: Rules, changes: Iterable[Change]) -> tuple[Way, ...]:
    """What holds at once: what tightens, and a new name beside it or by itself.

    A name that comes with looser or locked fields alone waits or falls with them; not so under
    rules from before there was such a choice.
    """
    found = {change.way for change in changes}
    follows = held.edits is not None and held.edits.names_follow
    waits = follows and Way.TIGHTENS not in found and found - {Way.NAMES}
    return (Way.TIGHTENS,) if waits else (Way.TIGHTENS, Way.NAMES)


def _applied(
    document: Document, changes: list[Change], recorded: bool
) -> tuple[list[Change], list[Change], Document]:
    """Changes made, changes that do not fit, and the document with those made.

    All together where they fit; else one by one, in order, as often as one more fits.
    """
    whole = _with(document, changes)
    if _problem(whole, recorded) is None:
        return changes, [], whole
    made: list[Change] = []
    left = list(changes)
    while left:
        fits = next(
            (one for one in left if _problem(_with(document, [one]), recorded) is None), None
        )
        if fits is None:
            break
        document = _with(document, [fits])
        made.append(fits)
        left.remove(fits)
    return made, left, document


def _with(document: Mapping[str, Any], changes: Iterable[Change]) -> Document:
    edited: Document = deepcopy(dict(document))
    for change in changes:
        table = edited
        for name in change.path[:-1]:
            table = table[name]
        if change.new is ABSENT:
            del table[change.path[-1]]
        else:
            table[change.path[-1]] = deepcopy(change.new)
    return edited


def _bound(document: Document, recorded: bool) -> Rules:
    return bind([Source(_WHERE, document)], recorded=recorded)


def _problem(document: Document, recorded: bool = False) -> str | None:
    """What makes a document no rulebook."""
    try:
        _bound(document, recorded)
    except ConfigError as problem:
        return problem.message
    return None


def _misfit(document: Document, change: Change, recorded: bool) -> str:
    said = _problem(_with(document, [change]), recorded) or ""
    return f"it does not fit the other rules: {said.removeprefix(f'rules file {_WHERE}: ')}"


def _told(change: Change, why: str = "") -> RuleEdit:
    return RuleEdit(".".join(change.path), _shown(change.old), _shown(change.new), why)


def _shown(value: Any) -> str:
    if value is ABSENT:
        return "nothing"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_shown(inner)}" for name, inner in sorted(value.items()))
    return value if isinstance(value, str) else value_text(value)
