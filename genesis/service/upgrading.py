"""`genesis upgrade`: code that is not the one of the last run, confirmed by a person."""

from dataclasses import dataclass
from pathlib import Path

from genesis import __version__
from genesis.domain.keeping import CodeConfirmed
from genesis.domain.time import format_utc
from genesis.errors import EventLogError, UsageError
from genesis.risk.blocks import CODE
from genesis.service.clock import wall_ns
from genesis.service.code_manifest import code_sha256
from genesis.service.offline import write_down
from genesis.service.restart import Remembered, remember
from genesis.service.settings import Settings
from genesis.service.strategies import strategies_of
from genesis.service.witnessing import broken_words
from genesis.store.database import DATABASE_NAME
from genesis.store.event_log import EventLog

_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Change:
    """The code of the last run, and the code that is here now."""

    home: Path
    old_sha256: str
    new_sha256: str
    is_paper: bool

    @property
    def is_none(self) -> bool:
        return self.old_sha256 == self.new_sha256

    def lines(self) -> list[str]:
        """What would be confirmed, for people."""
        told = [
            f"code of the last run: {self.old_sha256[:_SHOWN]}",
            f"code that is here now: {self.new_sha256[:_SHOWN]} (genesis {__version__})",
        ]
        if self.is_none:
            return [*told, "it is the same: there is nothing to confirm"]
        if self.is_paper:
            return [*told, "a paper account runs any code: this is only logged"]
        after = "soon after a losing session it is paper only for a while, from then on live"
        return [*told, f"a live account runs it after this confirmation; {after}"]


def look(settings: Settings) -> Change:
    """Compare the code. Changes nothing.

    Raises:
        UsageError: a service runs on the home, or it was never run.
        EventLogError: its log cannot be used.
    """
    with EventLog.open(_log_of(settings)) as event_log:
        return _change(settings, _past(event_log))


def confirm(settings: Settings) -> str:
    """Record the confirmation; what follows from it, in words.

    Raises:
        UsageError: a service was started meanwhile.
        EventLogError: the log cannot be written.
    """
    with EventLog.open(_log_of(settings)) as event_log:
        past = _past(event_log)
        change = _change(settings, past)
        now_ns = max(past.last_ns, wall_ns()) if not change.is_paper else past.last_ns
        event = CodeConfirmed(now_ns, change.new_sha256, change.old_sha256)
        write_down(event_log, past, event)
        assert past.engine is not None
        waits = past.engine.state.risk.blocks.get(CODE)
        return f"confirmed at {format_utc(now_ns)}" + (f"; {waits}" if waits else "")


def _change(settings: Settings, past: Remembered) -> Change:
    if past.engine is None or past.last_started is None:
        raise UsageError(f"{settings.home_path()}: no run was ever started here")
    return Change(
        settings.home_path(),
        past.last_started.code_sha256,
        code_sha256(strategies_of(settings.strategies)),
        past.engine.state.tiers.history.is_paper,
    )


def _past(event_log: EventLog) -> Remembered:
    past = remember(event_log, lambda done, total: None)
    if past.broken is not None:
        raise EventLogError(broken_words(event_log.database.path, past.broken))
    return past


def _log_of(settings: Settings) -> Path:
    path = settings.home_path() / DATABASE_NAME
    if not path.is_file():
        raise UsageError(f"{path}: there is no event log here: name the right home")
    return path
