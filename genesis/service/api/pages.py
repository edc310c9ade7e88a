"""The journal: the page a trader writes during an intervention. Its text stays in its own table."""

import asyncio
import json
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal, NamedTuple, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from genesis.domain.events import Event, JournalAssessed
from genesis.domain.time import MILLISECOND, format_utc
from genesis.service.api.answers import OK, REFUSED, Answer, journal_answer
from genesis.service.api.desk import Desk
from genesis.service.api.page_reader import (
    NOT_REQUIRED,
    PAGE_WORDS,
    REUSED,
    TOO_SOON,
    reader_of,
)
from genesis.service.moments import moment_ns
from genesis.store.journal import Draft, Note
from genesis.tilt.journal import Assessment, assess, tokens, vouched, word_count
from genesis.tilt.journal import Delta as Change
from genesis.tilt.reading import SIMILAR, Reader
from genesis.tilt.rules import JournalRules

_MOST_MS: Final = 9_000_000_000_000
DRAFT: Final = "page"
NEWER_DRAFT: Final = "newer_draft"


def _whole(told: object) -> object:
    """A whole number may be written with a point: 3.0 is 3, in JSON."""
    return int(told) if isinstance(told, float) and told.is_integer() else told


WHOLE: Final = BeforeValidator(_whole)
Stretch = Annotated[int, Field(ge=0, le=10_000_000), WHOLE]
StampMs = Annotated[int, Field(ge=0, le=_MOST_MS), WHOLE]


class Delta(BaseModel):
    """One change of the page: venue time in ms, characters that came in, and how."""

    model_config = ConfigDict(extra="forbid", strict=True)

    ts_ms: StampMs
    inserted: Stretch
    how: Literal["typed", "composition", "dictation", "draft", "paste"] = "typed"

    def change(self) -> Change:
        return Change(self.ts_ms * MILLISECOND, self.inserted, self.how)


def vouched_for(
    held: Draft, deltas: Sequence[Delta], opened_ns: int, rules: JournalRules
) -> list[Change]:
    """Changes as told, but a piece is a draft of ours only as far as the draft we hold shows."""
    told = [delta.change() for delta in deltas]
    return vouched(told, changes_of(held.deltas), opened_ns, rules)


def stored(changes: Sequence[Change]) -> str:
    """Changes as a draft keeps them: rows of venue time in ms, characters, and how."""
    rows = [(change.ts_ns // MILLISECOND, change.inserted, change.how) for change in changes]
    return json.dumps(rows, separators=(",", ":"))


def changes_of(told: str) -> list[Change]:
    """The changes of a draft that was kept; those of earlier versions are objects."""
    rows = (tuple(row.values()) if isinstance(row, dict) else row for row in json.loads(told))
    return [Change(ts_ms * MILLISECOND, inserted, how) for ts_ms, inserted, how in rows]


class Offered(NamedTuple):
    """A page as it was handed in. opened_at: ISO text or ns."""

    text: str
    deltas: Sequence[Delta]
    opened_at: str | int | None
    client_ref: str | None


class JournalDesk(Desk):
    """Takes pages and drafts in; the engine hears a verdict, a hash and a count, never the text."""

    async def submit(
        self,
        text: str,
        deltas: Sequence[Delta],
        opened_at: str | int | None,
        client_ref: str | None,
    ) -> Answer:
        """Judge a page and keep it. `opened_at`: ISO text or ns, never before it was asked for."""

        async def act() -> Answer:
            earlier = await self._earlier(client_ref, _is_judged)
            if earlier is not None:
                return journal_answer(cast("JournalAssessed", earlier.event))
            return await self._submitted(Offered(text, deltas, opened_at, client_ref))

        return await self._once(client_ref, "journal", act)

    async def _submitted(self, page: Offered) -> Answer:
        opened_ns = self._opened(page.opened_at)
        if not self._is_due:
            return await self._not_required(page.text)
        if self._waits_until is not None:
            return await self._too_soon(page.text, self._waits_until)
        now_ns = self._clock.now_ns()
        reader = await asyncio.to_thread(self._reader, now_ns)
        found = await asyncio.to_thread(
            self._assessed, page, opened_ns, now_ns, self._rules, reader
        )
        event, note = self._judged(page, found, now_ns, reader)
        await asyncio.to_thread(self._pages.write, page.text, event.ts_ns, note)
        await self._ask(event)
        if event.accepted:  # only now: until the log has it, the draft is all there is
            await asyncio.to_thread(self._pages.drop_draft, DRAFT, event.ts_ns)
        return journal_answer(event)

    def _assessed(
        self,
        page: Offered,
        opened_ns: int,
        now_ns: int,
        rules: JournalRules,
        reader: Reader | None,
    ) -> Assessment:
        """The verdict; it takes its time, so it is found beside the engine's loop."""
        proven = vouched_for(self._pages.draft(DRAFT), page.deltas, opened_ns, rules)
        return assess(page.text, proven, opened_ns, now_ns, rules, reader)

    @property
    def _is_due(self) -> bool:
        """Does anything wait for a page? One may have been accepted from another tab."""
        state = self._engine.state
        return state.tilt.pages_due > 0 or state.tiers.takes_page(self._clock.now_ns())

    async def _not_required(self, text: str) -> Answer:
        """No act of discipline, so no event; what was written is kept all the same."""
        digest = await asyncio.to_thread(self._pages.write, text, self._clock.now_ns())
        count = await asyncio.to_thread(lambda: word_count(tokens(text)))
        return Answer(REFUSED, _untold(NOT_REQUIRED, count, digest, None))

    @property
    def _waits_until(self) -> int | None:
        """When the next try may be made, while that is still to come."""
        again_ns = self._readings.page_again_ns
        return again_ns if again_ns is not None and self._clock.now_ns() < again_ns else None

    async def _too_soon(self, text: str, until_ns: int) -> Answer:
        """Not looked at, so no event; the draft and the caller have the text."""
        count = await asyncio.to_thread(lambda: word_count(tokens(text)))
        return Answer(REFUSED, _untold(TOO_SOON, count, "", until_ns), until_ns)

    def _judged(
        self,
        page: Offered,
        found: Assessment,
        now_ns: int,
        reader: Reader | None,
    ) -> tuple[JournalAssessed, Note]:
        """The verdict as the log is told it, and as it stands beside the text."""
        reasons = found.reasons
        if found.sha256 in self._readings.accepted_pages:
            reasons = (REUSED, *(one for one in reasons if one != SIMILAR))
        reason = reasons[0] if reasons else found.reason
        again_ns = None if reader is None or not reasons else now_ns + reader.rules.retry_ns
        event = JournalAssessed(
            now_ns,
            found.sha256,
            found.word_count,
            not reasons,
            reason,
            page.client_ref,
            reasons,
            again_ns,
        )
        return event, note_of(page.text, found, reason, reader)

    def _reader(self, now_ns: int) -> Reader | None:
        return reader_of(self._engine, self._readings, self._pages, now_ns)

    async def read_page(self) -> dict[str, Any]:
        """What speaks against the words of the draft as it is kept, before it is handed in."""
        held = await asyncio.to_thread(self._pages.draft, DRAFT)
        found = await asyncio.to_thread(self._faults, held.text)
        until_ns = self._waits_until
        return {
            "reasons": list(found),
            "details": [PAGE_WORDS[one] for one in found],
            "next_try": None if until_ns is None else format_utc(until_ns),
        }

    def _faults(self, text: str) -> tuple[str, ...]:
        reader = self._reader(self._clock.now_ns())
        return () if reader is None else reader.faults(text, tokens(text))

    @property
    def _rules(self) -> JournalRules:
        return self._engine.state.rules.tilt.journal

    @property
    def _asked_ns(self) -> int:
        """When the page that is due was asked for: by the intervention, or else for an override."""
        tilt, asked_ns = self._engine.state.tilt, super()._asked_ns
        is_owed = tilt.override.pages_owed and not tilt.state.words_required
        return max(asked_ns, self._readings.page_owed_ns) if is_owed else asked_ns

    def _opened(self, opened_at: str | int | None) -> int:
        """When the page was opened.

        Raises:
            UsageError: `opened_at` is no time.
        """
        if opened_at is None:
            return self._asked_ns or self._clock.now_ns()
        return max(moment_ns(opened_at, "opened_at"), self._asked_ns)

    async def save_draft(
        self,
        text: str,
        deltas: Sequence[Delta],
        opened_at: str | int | None,
        version: int | None,
    ) -> Answer:
        """Keep the unfinished page. `version`: the one the writer saw last; an older one than the
        saved one is told the newer text (409), and nothing is lost.
        """
        opened_ns = None if opened_at is None else self._opened(opened_at)
        given = Draft(text, self._clock.now_ns(), opened_ns=opened_ns)
        kept, draft = await asyncio.to_thread(self._save, given, deltas, version, self._rules)
        if not kept:
            return Answer(REFUSED, {"reason": NEWER_DRAFT, **_draft_shape(draft)})
        return Answer(
            OK,
            {
                "saved_at": format_utc(draft.ts_ns),
                "characters": len(draft.text),
                "version": draft.version,
            },
        )

    def _save(
        self, given: Draft, deltas: Sequence[Delta], version: int | None, rules: JournalRules
    ) -> tuple[bool, Draft]:
        proven = vouched_for(self._pages.draft(DRAFT), deltas, given.opened_ns or 0, rules)
        return self._pages.save_draft(DRAFT, given._replace(deltas=stored(proven)), version)

    async def read_draft(self) -> dict[str, Any]:
        return _draft_shape(await asyncio.to_thread(self._pages.draft, DRAFT))


def _is_judged(event: Event) -> bool:
    return isinstance(event, JournalAssessed)


def note_of(text: str, found: Assessment, verdict: str, reader: Reader | None) -> Note:
    """What stays of a page when its text is forgotten."""
    trace = frozenset[int]() if reader is None else reader.trace(tokens(text))
    return Note(found.sha256, found.word_count, verdict, trace)


def _untold(reason: str, count: int, digest: str, until_ns: int | None) -> dict[str, Any]:
    """The answer to a page that was not judged."""
    return {
        "accepted": False,
        "reason": reason,
        "word_count": count,
        "sha256": digest,
        "detail": PAGE_WORDS[reason],
        "reasons": [reason],
        "next_try": None if until_ns is None else format_utc(until_ns),
    }


def _draft_shape(draft: Draft) -> dict[str, Any]:
    return {
        "text": draft.text,
        "deltas": [
            {"ts_ms": one.ts_ns // MILLISECOND, "inserted": one.inserted, "how": one.how}
            for one in changes_of(draft.deltas)
        ],
        "opened_at": None if draft.opened_ns is None else format_utc(draft.opened_ns),
        "saved_at": format_utc(draft.ts_ns) if draft.version else None,
        "version": draft.version,
    }
