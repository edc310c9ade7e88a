"""The rules in force as the event log tells, with no engine running."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from genesis.domain.edits import RulesEdited
from genesis.domain.events import RulesChanged, RunStarted
from genesis.domain.time import format_utc, moment_words
from genesis.engine.rule_edits import CANCELLED, HELD_LATER, PENDING, WITHDRAWN
from genesis.rules import Rules, load, parse
from genesis.rules.change_words import change_words
from genesis.service.settings import Settings
from genesis.store.codec import decode
from genesis.store.database import DATABASE_NAME, Database
from genesis.store.reader import LogReader

_KINDS: Final = ("RunStarted", "RulesChanged", "RulesEdited")
_ENDS: Final = (HELD_LATER, CANCELLED, WITHDRAWN)


@dataclass(frozen=True, slots=True)
class RulesHeld:
    """source: where they come from. pending: the edit that waits; cancelled: that of the last one.

    since_ns: since when they hold; None in a home that was never run.
    """

    home: Path
    rules: Rules
    source: str
    since_ns: int | None = None
    pending: RulesEdited | None = None
    cancelled: RulesEdited | None = None

    def told(self) -> dict[str, Any]:
        """All of it, for machines."""
        return {
            "home": str(self.home),
            "name": self.rules.name,
            "sha256": self.rules.sha256,
            "source": self.source,
            "since": None if self.since_ns is None else format_utc(self.since_ns),
            "text": self.rules.text,
            "pending": _told(self.pending),
            "cancelled": _told(self.cancelled),
        }

    def lines(self) -> Iterator[str]:
        """Where the rules come from and what waits, for people."""
        since = "" if self.since_ns is None else f", in force since {moment_words(self.since_ns)}"
        yield f"home: {self.home}"
        yield f"{self.rules.name}, {self.source}{since}"
        for fact in (self.pending, self.cancelled):
            if fact is not None:
                for edit in fact.edits:
                    for change in change_words(edit):
                        yield f"{_when(fact)}: {change}"


def rules_held(settings: Settings) -> RulesHeld:
    """The rules of a home: the last text that its log says holds, else what the settings name.

    Raises:
        EventLogError: the log cannot be read, or one of these records was changed.
        ConfigError: no run was started yet, and the settings name no usable rulebook.
    """
    home = settings.home_path()
    path = home / DATABASE_NAME
    source = f"as the settings name them ({settings.rules})"
    named = RulesHeld(home, load(settings.rules), source)
    if not path.exists():
        return named
    database = Database.open(path, read_only=True)
    try:
        rows = LogReader(database).of_kinds(_KINDS)
    finally:
        database.close()
    held = named
    for row in rows:
        held = _after(held, decode(row.kind, row.v, row.body))
    return held


def _after(held: RulesHeld, record: RunStarted | RulesChanged | RulesEdited) -> RulesHeld:
    """The rules after one more record."""
    if isinstance(record, RunStarted):
        if held.since_ns is not None and held.rules.text == record.rules_text:
            return held
        source = f"as the start of run {record.run} says"
        return RulesHeld(held.home, parse(record.rules_text), source, record.ts_ns)
    if isinstance(record, RulesChanged):
        return replace(held, cancelled=None)
    pending, cancelled = held.pending, held.cancelled
    if record.what == PENDING:
        pending, cancelled = record, None
    elif record.what in _ENDS:
        pending, cancelled = None, record if record.what == CANCELLED else None
    if not record.text:
        return replace(held, pending=pending, cancelled=cancelled)
    source = "as changed in the event log"
    return RulesHeld(held.home, parse(record.text), source, record.ts_ns, pending, cancelled)


def _told(fact: RulesEdited | None) -> dict[str, Any] | None:
    if fact is None:
        return None
    return {
        "at": format_utc(fact.ts_ns),
        "until": None if fact.until_ns is None else format_utc(fact.until_ns),
        "reason": fact.reason,
        "edits": [{"field": e.path, "old": e.old, "new": e.new} for e in fact.edits],
    }


def _when(fact: RulesEdited) -> str:
    if fact.until_ns is None:
        return f"cancelled ({fact.reason})"
    return f"waits until {moment_words(fact.until_ns)}"
