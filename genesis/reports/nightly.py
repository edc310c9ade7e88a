"""The night's work: upkeep, proof, the reports that are missing, one page over all of them.

Every step is tried, whatever became of the others; what failed is named, and made by the next run.
Nothing is made twice: a run that finds nothing missing changes no byte. What was made before its
day was over, and so stands on another last row than the log has now, is missing too.
"""

import datetime
import fcntl
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, Protocol, TypeVar

from genesis.errors import GenesisError, UsageError
from genesis.reports import files, index, notify, summary, verify
from genesis.reports.days import (
    FOLDER,
    LastRow,
    closed_days,
    last_rows,
    report_folder,
    reported_days,
    today,
)
from genesis.reports.run import LIMIT_S, run, stands_on
from genesis.reports.summary import Summary
from genesis.reports.verify import Proof, Verified
from genesis.service.home import Home
from genesis.service.logs import log, open_logs
from genesis.store.ticks import TickStore
from genesis.store.ticks.durable import make_folder, naming_disk_faults
from genesis.store.ticks.upkeep import KEPT_DAYS

REPORTS: Final = ("daily", "tier_evaluation")
MARKDOWN: Final = "nightly.md"
INDEX: Final = "index.html"
LOG: Final = "nightly.jsonl"
_LOCK: Final = "nightly.lock"

T = TypeVar("T")


class Watcher(Protocol):
    """Who is told how the night goes."""

    def say(self, line: str) -> None: ...
    def progress(self, what: str, done: int, total: int) -> None: ...


@dataclass(slots=True)
class Night:
    """What became of a night.

    days: all that are over. made: names of what was made, such as `2024-08-08/daily`.
    failed: what was not, each in one line. noticed: how many addresses heard of it.
    is_judged: whether the record could be verified, whatever was found.
    """

    days: tuple[str, ...] = ()
    made: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    verified: Verified | None = None
    is_judged: bool = False
    noticed: int = 0


@dataclass(frozen=True, slots=True)
class Nightly:
    """The night of one home. urls: who gets a notice; templates: where reports are made from."""

    home: Path
    watcher: Watcher
    limit_s: float = LIMIT_S
    urls: Sequence[str] = ()
    reports: Sequence[str] = REPORTS
    templates: Path | None = None

    def run(self) -> Night:
        """All steps, in order.

        Raises:
            UsageError: another nightly runs on this home, or there is no home.
            DataError: the folder of reports cannot be written.
        """
        with _alone(self.home):
            night = Night()
            ends = self._try(night, "days", self._ends)
            night.days = tuple(ends or ())
            self._say_days(night)
            self._try(night, "ticks", lambda: self._look_after_ticks(ends))
            for day, last in (ends or {}).items():
                self._report_on(night, day, last)
            if night.days:
                night.verified = self._try(night, "verify", lambda: self._verify(night))
            told = self._kept(night) if ends is None else self._summaries(night, ends)
            proof = Proof(verify.kept(self.home), night.is_judged or ends == {})
            self._try(night, "index", lambda: self._pages(night, told, proof))
            if self.urls:
                self._try(night, "notice", lambda: self._notice(night, told, proof))
            return night

    def _ends(self) -> dict[str, LastRow]:
        """The days that are over, and where each of them ends in the log."""
        return last_rows(self.home, closed_days(self.home))

    def _say_days(self, night: Night) -> None:
        last = f", the last one {night.days[-1]}" if night.days else ""
        self.watcher.say(f"days: {len(night.days)} over{last}")

    def _look_after_ticks(self, referred: Collection[str] | None) -> None:
        """Clear the store. referred: days with a run; None, and none expires: they are unknown."""
        before = "" if referred is None else str(today() - datetime.timedelta(days=KEPT_DAYS))
        found = TickStore(self.home).look_after(before, referred or ())
        self.watcher.say(
            f"ticks: {found.files} left-over files, {found.stages} killed imports, "
            f"{len(found.expired)} old recordings removed"
        )

    def _report_on(self, night: Night, day: str, last: LastRow) -> None:
        """The reports of a day that are missing."""
        for name in self.reports:
            self._try(night, f"{day}/{name}", partial(self._make, night, day, name, last))

    def _make(self, night: Night, day: str, name: str, last: LastRow) -> None:
        """A report, unless it is there and stands on the row in which its day ends."""
        what = f"{day}/{name}"
        if stands_on(report_folder(self.home, day) / f"{name}.html") == last:
            return
        made = run(
            name,
            date=day,
            home=self.home,
            limit_s=self.limit_s,
            progress=lambda done, cells: self.watcher.progress(what, done, cells),
            template_folder=self.templates,
        )
        night.made.append(what)
        self.watcher.say(f"{what}: made, {made.stat().st_size / 1e6:.1f} MB")

    def _summaries(self, night: Night, ends: Mapping[str, LastRow]) -> list[Summary]:
        """One line of figures for every day that is over, oldest first."""
        found = []
        for day, last in ends.items():
            told = self._try(night, f"{day}/figures", partial(summary.of, day, self.home, last))
            found.append(told or summary.kept(day, self.home))
        return found

    def _kept(self, night: Night) -> list[Summary]:
        """What earlier nights have left, where the log does not tell which days there are."""
        days = self._try(night, "figures", lambda: reported_days(self.home))
        return [summary.kept(day, self.home) for day in days or ()]

    def _verify(self, night: Night) -> Verified:
        def progress(done: int, steps: int) -> None:
            self.watcher.progress("verify", done, steps)

        found, again = verify.verify(self.home, night.days[-1], progress)
        night.is_judged = True
        files.place(self.home / FOLDER, {verify.NAME: verify.text_of(found)})
        if found.fault is not None:
            raise _unverified(found.fault)
        how = "run again" if again else "run again on an earlier night, the chain read again"
        self.watcher.say(
            f"verify: {found.events} events through {found.through}, no difference ({how})"
        )
        return found

    def _pages(self, night: Night, told: Sequence[Summary], proof: Proof) -> None:
        folder = self.home / FOLDER
        made = [each for day in told for each in self._made_of(day.date)]
        files.place(
            folder,
            {
                INDEX: index.page(told, made, proof, night.failed).encode(),
                MARKDOWN: index.markdown(told, proof, night.failed).encode(),
            },
        )
        self.watcher.say(f"index: {folder / INDEX}")

    def _made_of(self, day: str) -> list[str]:
        folder = report_folder(self.home, day)
        return [f"{day}/{name}" for name in self.reports if (folder / f"{name}.html").is_file()]

    def _notice(self, night: Night, told: Sequence[Summary], proof: Proof) -> None:
        text = index.markdown(told, proof, night.failed)
        failed = notify.send(self.urls, index.title(told, night.failed), text)
        night.failed += failed
        night.noticed = len(self.urls) - len(failed)
        for line in failed:
            self.watcher.say(f"notice: FAILED {line}")
        self.watcher.say(f"notice: sent to {night.noticed} of {len(self.urls)}")

    def _try(self, night: Night, what: str, work: Callable[[], T]) -> T | None:
        """Do one step; where it fails, name it and go on."""
        try:
            with naming_disk_faults(self.home / FOLDER):
                return work()
        except GenesisError as problem:
            words = problem.message
        except Exception as problem:  # noqa: BLE001 - the other steps have nothing to do with it
            words = f"{_named(problem)}, see {self._keep_trace(what, problem)}"
        night.failed.append(f"{what}: {words}")
        self.watcher.say(f"{what}: FAILED {words}")
        return None

    def _keep_trace(self, what: str, problem: Exception) -> Path:
        """Where the traceback is kept, if there is room for it: a log of the nights' own."""
        file = Home(self.home).log_file.with_name(LOG)
        with suppress(OSError):
            file.parent.mkdir(exist_ok=True)
            close = open_logs(file, self.urls, dict)
            told = type(problem).__name__
            log("nightly").error("step broke", step=what, error_type=told, exc_info=problem)
            close()
        return file


def _named(problem: Exception) -> str:
    """By its kind, and no more: the words of a fault nobody expected may hold anything."""
    reason = problem.strerror if isinstance(problem, OSError) else None
    return f"{type(problem).__name__} ({reason})" if reason else type(problem).__name__


def _unverified(fault: str) -> GenesisError:
    from genesis.errors import EventLogError

    return EventLogError(f"the record does not hold: {fault}: look with `genesis verify`")


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Hold the home's nights. The lock ends with the process and holds no text."""
    if not home.is_dir():
        raise UsageError(f"there is no home at {home}: name the right one (--home)")
    folder = home / FOLDER
    with naming_disk_faults(folder):
        make_folder(folder)
        lock = (folder / _LOCK).open("a")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"another nightly runs on {home}: wait for its end, or look at `genesis logs`"
            ) from None
        yield
