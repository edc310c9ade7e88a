"""`genesis recover`: a log that goes on from its sound part, with the venue as the witness.

Nothing is deleted and nothing is gained: the old file keeps its rows under another name, every fact
of its sound part holds on, and what is known of the rest is carried over where it is stricter.
"""

import os
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from genesis.domain.account import TierMode
from genesis.domain.events import OperatorActed
from genesis.domain.keeping import LogForked
from genesis.domain.outcomes import Halted
from genesis.domain.time import moment_words
from genesis.engine.engine import Engine
from genesis.engine.tier_acts import RECORD
from genesis.errors import EventLogError, UsageError
from genesis.service.asking import asked_of_venue
from genesis.service.carrying import KINDS, Rest, longest_ns
from genesis.service.carrying_account import AccountRest
from genesis.service.clock import wall_ns
from genesis.service.home import Home
from genesis.service.offline import write_down
from genesis.service.restart import Remembered, remember
from genesis.service.second_log import SecondLog
from genesis.service.settings import Settings
from genesis.service.witnessing import broken_words
from genesis.store.database import DATABASE_NAME, Database
from genesis.store.event_log import LEASE_SUFFIX, EventLog
from genesis.store.fork import Sound, copy_sound, last_stamp, rest, sound_part
from genesis.store.lease import Lease
from genesis.store.private import opener
from genesis.store.reader import LogReader
from genesis.store.set_aside import SET_ASIDE, free_name
from genesis.store.ticks.durable import sync_folder

_OPERATOR: Final = "operator"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found on a home. reason: what is wrong; None: nothing is.

    known: orders at the venue that the sound part never sent; last_run: the largest run in their
    names. now_ns: the time at the venue, or where the sound part ends; last_ns: the latest stamp of
    the rest. steps: of the whole log.
    """

    home: Path
    reason: str | None
    sound: Sound
    steps: int
    now_ns: int
    last_ns: int
    known: tuple[str, ...] = ()
    last_run: int = 0
    has_venue: bool = True
    rest: Rest = field(default_factory=Rest)

    def lines(self) -> list[str]:
        """What is wrong, and what would be done about it."""
        if self.reason is None:
            return ["the log is whole, and the venue knows no order of ours that it does not"]
        sound = self.sound
        told = [
            f"found: {self.reason}",
            f"{DATABASE_NAME} will be kept beside the new log as {DATABASE_NAME}.{SET_ASIDE}-N, "
            "as it is; nothing is deleted",
            f"the new log begins with the {sound.step} of {self.steps} steps that are sound, up to "
            f"{moment_words(sound.ts_ns)}: tier, limits, halts and locks are as they say",
            "the time since then counts for no promotion; one that was under way begins again",
        ]
        if self.has_venue:
            told.append(
                f"{len(self.known)} orders at the venue are new to it; their trades and what rests "
                "are taken over at the next start"
            )
        else:
            told.append("no venue is named (GENESIS_VENUE_URL): it is asked at the next start")
        return [*told, *self.rest.lines(self.last_ns)]


def plan(settings: Settings) -> Finding:
    """Look at the home and at the venue. Changes nothing.

    Raises:
        UsageError: a service runs on the home, or there is no log.
        EventLogError: nothing before the account was opened is sound, or this version cannot run
            the record.
        ExchangeError: the venue does not answer.
    """
    path = _log_of(settings)
    with EventLog.open(path) as event_log:
        past = remember(event_log, lambda done, total: None)
        if past.is_new:
            raise EventLogError(
                f"{path}: no account was opened in what is sound of it: close what is held with "
                "`genesis close-all --direct`, and begin with another home"
            )
        return _found(settings, event_log, past)


def carry_out(settings: Settings, found: Finding, say: Callable[[str], None]) -> dict[str, Any]:
    """Set the log aside and begin the one that goes on; what was done.

    Raises:
        UsageError: somebody reads the log, or a service was started meanwhile.
        EventLogError: the new log cannot be written; the old one is as it was.
    """
    path = _log_of(settings)
    draft = path.with_name(f"{path.name}.new")
    aside = free_name(path)
    with ExitStack() as ending:
        ending.callback(Lease.take(path.with_name(path.name + LEASE_SUFFIX)).release)
        ending.callback(_remove, draft)
        _copy(path, draft)
        _fork(draft, found, aside.name)
        _swap(path, draft, aside)
    second = SecondLog(Home(found.home).second_log_file).set_aside(SET_ASIDE)
    say(f"set aside: {aside}")
    if second is not None:
        say(f"set aside: {second}")
    return {
        "recovered": True,
        "home": str(found.home),
        "set_aside": [str(each) for each in (aside, second) if each is not None],
        "steps": found.sound.step,
        "orders_known": len(found.known),
    }


def _found(settings: Settings, event_log: EventLog, past: Remembered) -> Finding:
    assert past.engine is not None
    database = event_log.database
    sound = sound_part(database)
    venue = asked_of_venue(settings, past)
    reason = None if past.broken is None else broken_words(database.path, past.broken)
    blocks = past.engine.state.risk.blocks
    now_ns = max(past.last_ns, venue.now_ns)
    last_ns = now_ns if settings.venue_url else _last_known_ns(database, sound, settings)
    return Finding(
        home=settings.home_path(),
        reason=reason or venue.complaint or blocks.get(RECORD),
        sound=sound,
        steps=event_log.last_step,
        now_ns=now_ns,
        last_ns=max(now_ns, last_ns),
        known=venue.unknown,
        last_run=max(event_log.last_run, venue.last_run),
        has_venue=settings.venue_url is not None,
        rest=_rest(database, sound, settings, past.engine),
    )


def _last_known_ns(database: Database, sound: Sound, settings: Settings) -> int:
    """The latest stamp there is: nothing of the rest is later, and no time passes by it.

    It stands in a part that was damaged: one that is still to come on this machine is not believed.
    """
    most_ns = wall_ns()
    stamps = (step.event.ts_ns for step in _second_log(settings).read())
    plain_ns = max((at for at in stamps if at <= most_ns), default=0)
    return max(plain_ns, last_stamp(database, sound, most_ns))


def _rest(database: Database, sound: Sound, settings: Settings, engine: Engine) -> Rest:
    """What the rest tells; the plain log, of his own halts and pages."""
    found = _measured_by(engine)
    found.take(rest(database, sound, KINDS))
    for step in _second_log(settings).read():
        event = step.event
        found.counts.take(event)
        if isinstance(event, OperatorActed) and event.verb == "halt":
            why = event.reason or "halted by the operator"
            found.halt(Halted(event.ts_ns, _OPERATOR, why))
    return found


def _measured_by(engine: Engine) -> Rest:
    """The rest before anything is read of it, with what the sound part says of its measure."""
    state = engine.state
    tiers, drawdown, ledger = state.tiers, state.risk.drawdown, state.ledger
    top_usdt = drawdown.base_usdt + drawdown.peak_usdt + ledger.flows_usdt
    waits = engine.discipline.edits.pending is not None
    return Rest(
        was_halted=tiers.state.mode is TierMode.HALTED and not tiers.halts.is_own,
        sound_tier=tiers.state.tier,
        longest_ns=longest_ns(state.rules),
        account=AccountRest(top_usdt=top_usdt, quote=ledger.quote, waits=waits),
    )


def _second_log(settings: Settings) -> SecondLog:
    return SecondLog(Home(settings.home_path()).second_log_file)


def _log_of(settings: Settings) -> Path:
    path = settings.home_path() / DATABASE_NAME
    if not path.is_file():
        raise UsageError(f"{path}: there is no event log here: name the right home")
    return path


# -- the new log -----------------------------------------------------------------------------
def _copy(path: Path, draft: Path) -> None:
    _remove(draft)
    database = Database.open(path)
    try:
        streams = LogReader(database).streams()
        copy_sound(database, [sound_part(database, stream) for stream in streams], draft)
    finally:
        database.close()


def _fork(draft: Path, found: Finding, aside: str) -> None:
    """Write the fork into the new log, as a step like any other."""
    carried = found.rest
    halted = carried.halted
    with ExitStack() as ending:
        ending.callback(_remove, draft.with_name(draft.name + LEASE_SUFFIX))
        event_log = ending.enter_context(EventLog.open(draft))
        past = remember(event_log, lambda done, total: None)
        event = LogForked(
            found.now_ns,
            aside,
            found.reason or "",
            found.sound.ts_ns,
            found.known,
            None if halted is None else halted.reason,
            "" if halted is None else halted.source,
            carried.was_paused,
            carried.fell,
            replace(carried.carried(found.last_ns), has_venue=found.has_venue),
        )
        write_down(event_log, past, event, found.last_run)
        event_log.database.empty_write_ahead()


def _swap(path: Path, draft: Path, aside: Path) -> None:
    """The new file takes the name of the old one in one step; there is a log at every moment."""
    for suffix in ("-wal", "-shm"):
        if path.with_name(path.name + suffix).exists():
            raise UsageError(
                f"something still reads {path} (a dashboard, `genesis verify`, or a service that "
                "was killed: start and end it once): close it and run this again"
            )
    try:
        os.link(path, aside)
    except FileExistsError:
        raise UsageError(f"{aside} was made meanwhile: run this again") from None
    except OSError:  # a file system without links: the same bytes in a file of their own
        _copy_whole(path, aside)
    sync_folder(path.parent)
    draft.replace(path)
    sync_folder(path.parent)


def _copy_whole(path: Path, aside: Path) -> None:
    """A copy that is on the disk, under a name that nothing has."""
    with path.open("rb") as source, open(aside, "xb", opener=opener) as copy:
        shutil.copyfileobj(source, copy)
        copy.flush()
        os.fsync(copy.fileno())


def _remove(draft: Path) -> None:
    """A draft and what SQLite keeps beside one."""
    for suffix in ("", "-wal", "-shm"):
        draft.with_name(draft.name + suffix).unlink(missing_ok=True)
