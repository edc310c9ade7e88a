"""What the settings name as rules, against the rules in force: asked for once, and told calmly."""

from collections.abc import Iterable, Iterator
from typing import Final

from genesis.domain.edits import RuleEdit, RulesEdited
from genesis.domain.events import RulesChanged, RunStarted
from genesis.domain.outcomes import Outcome
from genesis.domain.time import HOUR, SECOND, moment_words
from genesis.engine.engine import Engine
from genesis.engine.rule_edits import (
    CANCELLED,
    FILE,
    HELD,
    HELD_LATER,
    PENDING,
    REFUSED,
    VERSION,
    WITHDRAWN,
)
from genesis.rules import Rules, known, load
from genesis.rules.change_words import change_words

_WORDS: Final = {
    HELD: "holds now",
    HELD_LATER: "its time came and it holds now",
    REFUSED: "never holds",
    CANCELLED: "does not hold",
    WITHDRAWN: "is not waited for any more",
}


def wish(
    wanted: Rules, engine: Engine, last: RunStarted | None, code_sha256: str, now_ns: int
) -> RulesChanged | None:
    """What the settings ask for at this start; None when they say what they said last time.

    last: the start of the run before. Other numbers under the same name that came with other code
    are no act of the trader.
    """
    if wanted.sha256 == engine.discipline.edits.file_sha256:
        return None
    is_same_book = wanted.name == engine.state.rules.name and _is_shipped(wanted)
    is_version = is_same_book and last is not None and last.code_sha256 != code_sha256
    reason = VERSION if is_version else FILE
    return RulesChanged(now_ns, wanted.text, wanted.sha256, reason)


def _is_shipped(wanted: Rules) -> bool:
    """Does this rulebook come with Genesis? A file of the trader's own may bear its name."""
    return wanted.name in known() and wanted.sha256 == load(wanted.name).sha256


def told(facts: Iterable[Outcome]) -> Iterator[str]:
    """What became of an edit, a line for each field."""
    for fact in facts:
        if isinstance(fact, RulesEdited):
            for edit in fact.edits:
                why = edit.why or fact.reason
                because = f": {why}" if why else ""
                for change in change_words(edit):
                    yield f"rule {change} {_when(fact)}{because}"


def became(engine: Engine, facts: Iterable[Outcome], now_ns: int, reason: str) -> Iterator[str]:
    """What became of an edit, and what asking for it said of the trader; a version says nothing."""
    facts = tuple(facts)
    yield from told(facts)
    said = None if reason == VERSION else sign(engine, facts, now_ns)
    if said is not None:
        yield said


def sign(engine: Engine, facts: Iterable[Outcome], now_ns: int) -> str | None:
    """What asking for looser rules says of the trader; None: nothing. To be refused is no excuse.

    facts: what came of it, or would.
    """
    behaviour = engine.state.rules.tilt.behaviour
    is_looser = any(isinstance(fact, RulesEdited) and fact.what == PENDING for fact in facts)
    if behaviour is None or not is_looser:
        return None
    hours = behaviour.telling.edit_s / (HOUR / SECOND)
    if engine.state.tilt.detector.calm_from_ns(now_ns, behaviour.telling.edit_s) is None:
        return None
    return f"to ask for looser rules within {hours:g} hours of a losing session is a sign of tilt"


def _when(fact: RulesEdited) -> str:
    if fact.what == PENDING and fact.until_ns is not None:
        return f"is looser and holds from {moment_words(fact.until_ns)} on, if all stays calm"
    return _WORDS[fact.what]


def standing(wanted: Rules, engine: Engine) -> Iterator[str]:
    """What a person should know at a start that asked for nothing new."""
    edits = engine.discipline.edits
    if edits.pending is not None:
        at = moment_words(edits.pending.until_ns)
        yield f"looser from {at} on, if all stays calm: {_fields(edits.pending.edits)}"
    if edits.cancelled is not None:
        names, why = _fields(edits.cancelled.edits), edits.cancelled.reason
        yield f"not looser ({why}; `genesis rules propose` asks anew): {names}"
    elif wanted.sha256 != engine.state.rules.sha256 and edits.pending is None:
        yield (
            f"the rules in force are not those of {wanted.name!r}, which asked for nothing new: "
            "see `genesis rules diff`"
        )


def _fields(edits: Iterable[RuleEdit]) -> str:
    return ", ".join(edit.path for edit in edits)
