"""The tick store of a home: recorded and imported markets, exact and never half-written."""

import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from genesis.domain.events import MarketEvent
from genesis.domain.instrument import Instrument
from genesis.domain.time import DAY, SECOND
from genesis.errors import UsageError
from genesis.store.ticks import importer, quality, read, records, upkeep, views
from genesis.store.ticks import manifest as manifests
from genesis.store.ticks.blocks import Block
from genesis.store.ticks.durable import naming_disk_faults
from genesis.store.ticks.importer import ImportReport, OnBad, Progress
from genesis.store.ticks.kinds import BARS, TRADES
from genesis.store.ticks.manifest import SYNTHETIC, Manifest
from genesis.store.ticks.read import TickArrays, TopArrays
from genesis.store.ticks.records import GapRecord, Session
from genesis.store.ticks.sealing import Sealed, seal_abandoned
from genesis.store.ticks.trade_bars import BarArrays, trade_bars
from genesis.store.ticks.upkeep import Upkeep

FOLDER: Final = "ticks"
EVENT_KINDS: Final = ("depth", "books", "trades")


@dataclass(frozen=True, slots=True)
class Holding:
    """What the store holds of one kind and symbol. `origin`: imported, recorded or synthetic."""

    symbol: str
    kind: str
    origin: str
    days: int
    rows: int
    files: int
    size_bytes: int
    first_ns: int
    last_ns: int


class TickStore:
    """The tick store under `home`. Opening it writes nothing; it may be read while others write.

    Every method raises DataError where the store's own files are damaged.
    """

    def __init__(self, home: Path) -> None:
        self.root = home / FOLDER

    # -- writing -----------------------------------------------------------------------------
    def import_file(
        self,
        path: Path,
        symbol: str | None = None,
        on_bad: OnBad = "stop",
        progress: Progress | None = None,
    ) -> ImportReport:
        """Bring a file in: see `importer.import_file`. Importing it again changes nothing."""
        return importer.import_file(self.root, path, symbol, on_bad, progress)

    def add_synthetic(self, blocks: Iterable[Block], source: str) -> ImportReport:
        """Bring made-up rows in, labelled so. They never mix with real ones of the symbol."""
        return importer.add_blocks(self.root, blocks, source, SYNTHETIC)

    def remove_synthetic(self) -> tuple[str, ...]:
        """Remove all synthetic rows; the symbols they were of. Nothing else is ever removed."""
        with naming_disk_faults(self.root), manifests.writing(self.root):
            held = manifests.load(self.root)
            made_up = {p: None for p, part in held.partitions.items() if part.origin == SYNTHETIC}
            if made_up:
                manifests.save(self.root, held.with_partitions(made_up))
        return tuple(sorted({place.symbol for place in made_up}))

    def look_after(self, before: str, referred: Collection[str]) -> Upkeep:
        """Remove leftovers of killed writers and old recordings: see `upkeep.look_after`."""
        return upkeep.look_after(self.root, before, referred)

    def bring_in(self) -> Sealed:
        """Bring in what killed recorders left in the spool; a living one is left alone."""
        return seal_abandoned(self.root)

    # -- looking -----------------------------------------------------------------------------
    def manifest(self) -> Manifest:
        """The files of the store as of now."""
        return manifests.load(self.root)

    def symbols(self) -> tuple[str, ...]:
        """Every symbol the store holds anything of, sorted."""
        return self.manifest().symbols()

    def list(self) -> tuple[Holding, ...]:
        """What is held, by symbol and kind."""
        held = self.manifest()
        pairs = sorted({(place.symbol, place.kind) for place in held.partitions})
        return tuple(_holding(held, symbol, kind) for symbol, kind in pairs)

    def sql(self, query: str) -> Any:
        """A DuckDB relation over the views of `views` (trades, books, depth, bars_1m, bars_1h).

        It reads the files as they were when this was called, for a minute at least after they
        are replaced: keep results, not relations.
        """
        with views.naming_damage():
            return views.connect(self.root, self.manifest()).sql(query)

    def bars(
        self, symbol: str, width_ns: int, start: int | None = None, end: int | None = None
    ) -> Any:
        """Bars of trades within [start, end) (UTC ns) as a DuckDB relation, oldest first.

        Raises:
            UsageError: nothing is held of `symbol`, or the width does not divide a day.
        """
        _check_divides(width_ns)
        held = self._holding_of(symbol)
        first, end_ns = _span(start, end)
        query = (
            f"SELECT * FROM ({views.bars_query(width_ns, has_kept=bool(held.of(BARS.name)))})"
            " WHERE symbol = $symbol"
            " AND open_ts_ns >= $first AND open_ts_ns < $last ORDER BY open_ts_ns"
        )
        parameters = {"symbol": symbol, "first": first, "last": end_ns}
        with views.naming_damage():
            return views.connect(self.root, held).sql(query, params=parameters)

    # -- numbers -----------------------------------------------------------------------------
    def bar_arrays(
        self, symbol: str, width_ns: int, start: int | None = None, end: int | None = None
    ) -> BarArrays | None:
        """The same as `bars`, faster; None where bars are kept of days whose trades are gone.

        Raises:
            UsageError: as `bars`.
        """
        _check_divides(width_ns)
        held = self._holding_of(symbol)
        if held.of(BARS.name, symbol):
            return None
        return trade_bars(self.root, held, symbol, width_ns, _span(start, end))

    def arrays(self, symbol: str, start: int | None = None, end: int | None = None) -> TickArrays:
        """Trades within [start, end) (UTC ns; None: open), sorted by trade id.

        Raises:
            UsageError: nothing is held of `symbol`.
        """
        return read.trade_arrays(self.root, self._holding_of(symbol), symbol, _span(start, end))

    def tops(self, symbol: str, start: int | None = None, end: int | None = None) -> TopArrays:
        """Book tops within [start, end), in arrival order. Raises UsageError as `arrays`."""
        return read.top_arrays(self.root, self._holding_of(symbol), symbol, _span(start, end))

    def events(
        self,
        symbol: str,
        start: int | None = None,
        end: int | None = None,
        kinds: Sequence[str] = EVENT_KINDS,
    ) -> Iterator[MarketEvent]:
        """What was recorded within [start, end): depth, tops and trades in arrival order.

        Raises:
            UsageError: nothing is held of `symbol`.
        """
        held = self._holding_of(symbol)
        return read.events(self.root, held, symbol, _span(start, end), kinds)

    # -- recordings --------------------------------------------------------------------------
    def gaps(
        self, symbol: str, start: int | None = None, end: int | None = None
    ) -> tuple[GapRecord, ...]:
        """What our recorder says it missed of `symbol` within [start, end) (UTC ns)."""
        return records.gaps(self.root, symbol, _span(start, end))

    def sessions(self, symbol: str) -> tuple[Session, ...]:
        """When our recorder listened to `symbol`, oldest first."""
        return records.sessions(self.root, symbol)

    def instrument(self, symbol: str, at_ns: int | None = None) -> Instrument | None:
        """The filters recorded of `symbol`, as they were at `at_ns`; None where none were."""
        return records.instrument_at(self.root, symbol, at_ns)

    # -- judging -----------------------------------------------------------------------------
    def check(self, symbol: str) -> quality.Quality:
        """The quality of the trades held of `symbol`. Raises UsageError as `arrays`."""
        partitions = self._holding_of(symbol).of(TRADES.name, symbol)
        wanted = ("trade_id", "ts_ns", "price", "received_ns")
        return quality.measure(symbol, read.day_blocks(self.root, partitions, columns=wanted))

    def _holding_of(self, symbol: str) -> Manifest:
        held = self.manifest()
        if symbol not in held.symbols():
            known = ", ".join(held.symbols()) or "nothing yet"
            raise UsageError(
                f"no ticks of {symbol} in {self.root}; it holds {known}"
                " (`genesis ticks import FILE` or `genesis ticks sample` adds some)"
            )
        return held


def check_file(path: Path, symbol: str | None = None) -> dict[str, quality.Quality]:
    """The quality of the trades in a file, by symbol, without keeping them.

    Raises:
        DataError: the file cannot be read at all. Bad rows are counted, not raised.
        UsageError: its symbol cannot be told.
    """
    with tempfile.TemporaryDirectory(prefix="genesis-check-") as folder:
        store = TickStore(Path(folder))
        report = store.import_file(path, symbol, "quarantine")
        found = {each: store.check(each) for each in store.symbols()}
        for each, measured in found.items():
            found[each] = _with_report(measured, report)
        return found


def _with_report(measured: quality.Quality, report: ImportReport) -> quality.Quality:
    repeated = sum(k.repeated for k in report.kinds if k.symbol == measured.symbol)
    conflicting = sum("differs from" in row.reason for row in report.bad)
    return replace(
        measured,
        repeated=repeated,
        conflicting=conflicting,
        unreadable=len(report.bad) - conflicting,
        disorder=report.disorder,
    )


def _holding(held: Manifest, symbol: str, kind: str) -> Holding:
    partitions = held.of(kind, symbol).values()
    files = [entry for partition in partitions for entry in partition.files]
    return Holding(
        symbol,
        kind,
        ", ".join(sorted({partition.origin for partition in partitions})),
        len(partitions),
        sum(entry.rows for entry in files),
        len(files),
        sum(entry.size_bytes for entry in files),
        min(entry.first_ns for entry in files),
        max(entry.last_ns for entry in files),
    )


def _check_divides(width_ns: int) -> None:
    if DAY % width_ns:
        raise UsageError(f"bars of {width_ns / SECOND:g} s do not divide a day: try 1m, 5m or 1h")


def _span(start: int | None, end: int | None) -> tuple[int, int]:
    return (
        read.ALWAYS[0] if start is None else start,
        read.ALWAYS[1] if end is None else end,
    )
