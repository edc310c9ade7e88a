"""Days of a symbol from the archive into the tick store, file by file.

What came in is remembered by its checksum, so that asking again fetches what is new or was
corrected, and nothing else.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final, Protocol

from genesis.errors import DataError
from genesis.service.vision.download import Progress, Source
from genesis.service.vision.plan import ArchiveFile, Kind, planned
from genesis.store.ticks import ImportReport, TickStore
from genesis.store.ticks.durable import make_folder, naming_disk_faults, whole_file
from genesis.store.ticks.importer import OnBad
from genesis.wire.symbols import to_venue

BASE_URL: Final = "https://data.binance.vision"
_CHECKSUM: Final = re.compile(r"([0-9a-fA-F]{64})\s+\*?(\S+)\s*")
_FETCHED: Final = "fetched"
_DOWNLOADS: Final = "downloads"


class Watcher(Protocol):
    """Who is told how it goes."""

    def downloading(self, name: str) -> Progress:
        """A file begins; the result is called as its bytes come."""

    def imported(self, report: ImportReport) -> None: ...
    def held(self, name: str) -> None: ...
    def missing(self, name: str) -> None: ...


@dataclass(slots=True)
class Fetched:
    """What became of the files: brought in, held before, not in the archive."""

    imported: list[ImportReport] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


class Fetch:
    """One symbol's trades. keep: leave the zip files in the home's `downloads` folder."""

    def __init__(
        self,
        home: Path,
        symbol: str,
        source: Source,
        watcher: Watcher,
        *,
        kind: Kind = "trades",
        keep: bool = False,
        on_bad: OnBad = "stop",
    ) -> None:
        self._store = TickStore(home)
        self._folder = home / _DOWNLOADS
        self._symbol, self._source, self._watcher = symbol, source, watcher
        self._kind: Kind = kind
        self._keep, self._on_bad = keep, on_bad
        self._done = Fetched()

    def days(self, first: date, end: date) -> Fetched:
        """Fetch and import the days in [first, end).

        Raises:
            Unreachable: the archive does not answer. What came in before stays.
            DataError: it has nothing of these days, a file does not match its checksum or holds a
                bad row, or the disk is full.
        """
        files = planned(self._kind, to_venue(self._symbol), first, end)
        with naming_disk_faults(self._folder):
            make_folder(self._folder)
            for file in self._there(files):
                self._one(file)
        if not self._done.imported and not self._done.held:
            raise DataError(
                f"{self._source.base_url} has no {self._kind} of {self._symbol} from {first} up to "
                f"{end}: check the symbol and the days (a day is published on the next one)"
            )
        return self._done

    def _there(self, files: tuple[ArchiveFile, ...]) -> Iterator[tuple[ArchiveFile, str]]:
        """The files that the archive has, with checksums; days take the place of a month."""
        for file in files:
            checksum = self._checksum(file)
            if checksum is not None:
                yield file, checksum
            elif file.is_monthly:
                yield from self._there(file.days())
            else:
                self._is_missing(file)

    def _checksum(self, file: ArchiveFile) -> str | None:
        text = self._source.text(f"{file.path}.CHECKSUM")
        if text is None:
            return None
        told = _CHECKSUM.fullmatch(text)
        if told is None or told[2] != file.name:
            raise DataError(
                f"{self._source.base_url}/{file.path}.CHECKSUM is no checksum of {file.name}: "
                "is --base-url the archive's?"
            )
        return told[1].lower()

    def _one(self, given: tuple[ArchiveFile, str]) -> None:
        file, checksum = given
        mark = self._store.root / _FETCHED / f"{file.name}.sha256"
        if mark.exists() and mark.read_text().strip() == checksum:
            self._done.held.append(file.name)
            self._watcher.held(file.name)
            return
        path = self._folder / file.name
        progress = self._watcher.downloading(file.name)
        if not self._source.save(file.path, path, checksum, progress):
            self._is_missing(file)
            return
        report = self._store.import_file(path, self._symbol, self._on_bad)
        with whole_file(mark) as out:
            out.write(f"{checksum}\n".encode())
        if not self._keep:
            path.unlink()
        self._done.imported.append(report)
        self._watcher.imported(report)

    def _is_missing(self, file: ArchiveFile) -> None:
        self._done.missing.append(file.name)
        self._watcher.missing(file.name)
