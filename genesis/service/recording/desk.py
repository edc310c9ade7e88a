"""One recording from its first row to its last: what is written where, and in which order."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from shutil import disk_usage
from typing import Final

from genesis.domain.events import InstrumentReported
from genesis.domain.instrument import Instrument
from genesis.domain.time import SECOND
from genesis.errors import DataError, UsageError
from genesis.exchange.venue import is_loopback
from genesis.service.recording.hearing import Heard, Hearing, Taken
from genesis.service.recording.held import tracker_of
from genesis.service.recording.keeping import Keeping
from genesis.service.recording.progress import Progress, SymbolProgress
from genesis.store.lease import Lease
from genesis.store.ticks import manifest as manifests
from genesis.store.ticks import records
from genesis.store.ticks.blocks import Block
from genesis.store.ticks.capture_blocks import captured_blocks
from genesis.store.ticks.durable import make_folder, naming_disk_faults
from genesis.store.ticks.kinds import TRADES
from genesis.store.ticks.manifest import SYNTHETIC, Manifest
from genesis.store.ticks.records import RecordWriter, StandingGaps
from genesis.store.ticks.sealing import Sealed, seal_abandoned
from genesis.wire.capture import Captured

Clock = Callable[[], int]
_LOOPBACK: Final = "an exchange on loopback"


class Desk:
    """The recording of some symbols into the tick store at `root`.

    Use as a context manager: it takes the leases and brings in what killed recorders left; `begin`
    opens the session. The clocks as in `Hearing`.

    Raises:
        UsageError: another recorder writes a symbol here, or what is held of it is made up or of
            another venue.
        DataError: the store cannot be written, or its own files are damaged.
    """

    hearing: Hearing

    def __init__(
        self,
        root: Path,
        symbols: Sequence[str],
        venue_url: str,
        *,
        seal_after_s: float,
        wall_ns: Clock,
        now_ns: Clock,
        elapsed_ns: Clock,
    ) -> None:
        self.root, self.symbols = root, tuple(symbols)
        self.venue = venue_url
        self._venue = _LOOPBACK if is_loopback(venue_url) else venue_url
        self._wall_ns, self._now_ns, self._elapsed_ns = wall_ns, now_ns, elapsed_ns
        self._keeping = Keeping(
            root, symbols, seal_after_s=seal_after_s, wall_ns=wall_ns, elapsed_ns=elapsed_ns
        )
        self._records: dict[str, RecordWriter] = {}
        self._gaps = {symbol: StandingGaps() for symbol in self.symbols}
        self._held = ExitStack()
        self._begun_ns = self._looked_ns = elapsed_ns()
        self._acknowledged = self._looked_at = 0
        self.recovered = Sealed()
        """What an earlier, killed recorder had left."""
        self.sealed = Sealed()

    def __enter__(self) -> "Desk":
        with self._held:
            with naming_disk_faults(self.root):
                make_folder(self.root / records.FOLDER)
                for symbol in self.symbols:
                    lease = self._lease(symbol)
                    self._held.callback(lease.release)
                self.recovered = seal_abandoned(self.root)
            self._refuse_other_ticks(manifests.load(self.root))
            self._held = self._held.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # told by what failed first
            self._keeping.close()
        self._held.close()

    def _lease(self, symbol: str) -> Lease:
        path = records.path_of(self.root, symbol).with_suffix(".lock")
        instead = "record into another --home"
        return Lease.take(path, f"{symbol} in {self.root}", instead, who="recorder")

    def _refuse_other_ticks(self, held: Manifest) -> None:
        for symbol in self.symbols:
            parts = [part for place, part in held.partitions.items() if place.symbol == symbol]
            if any(part.origin == SYNTHETIC for part in parts):
                raise UsageError(
                    f"{symbol} holds synthetic ticks, and recorded ones never mix with them:"
                    " `genesis ticks sample --remove` removes them; or use another --home"
                )
            venues = {session.venue for session in records.sessions(self.root, symbol)}
            if venues - {self._venue}:
                raise UsageError(
                    f"{symbol} in {self.root} was recorded from {', '.join(sorted(venues))}, and"
                    f" this is {self._venue}: use another --home"
                )

    # -- the session -------------------------------------------------------------------------
    def begin(self, instruments: Sequence[Instrument]) -> None:
        """Open a session: from here on events may come."""
        held = manifests.load(self.root)
        heard = {}
        with naming_disk_faults(self.root):
            for symbol in self.symbols:
                writer = self._records[symbol] = RecordWriter(self.root, symbol)
                session = writer.begin(self._wall_ns(), self._venue)
                tracker = tracker_of(self.root, held, symbol, self._elapsed_ns())
                heard[symbol] = Heard(session.first_arrival, tracker)
        self.hearing = Hearing(
            heard, wall_ns=self._wall_ns, now_ns=self._now_ns, elapsed_ns=self._elapsed_ns
        )
        self._complain(self.recovered)
        self.note_instruments(instruments)

    def note_instruments(self, instruments: Sequence[Instrument]) -> None:
        """Write down filters that differ from those known."""
        with naming_disk_faults(self.root):
            for found in instruments:
                if records.instrument_at(self.root, found.symbol, None) != found:
                    self._records[found.symbol].append(InstrumentReported(self._now_ns(), found))

    def flush(self, taken: Taken) -> int:
        """Make durable what was heard, and then what was missed; how many rows are acknowledged.

        Raises:
            DataError: the disk is full. What was acknowledged before is safe.
        """
        blocks = self._blocks(taken.rows)
        try:
            count = self._keeping.append(blocks)
            self._acknowledged += count
            self._count(blocks)
            for symbol, gap in taken.gaps:
                self._records[symbol].append(gap)
                self._gaps[symbol].take(gap)
        except OSError as error:
            raise self._full(error, len(taken.rows)) from error
        return count

    def seal(self) -> Sealed:
        """Bring closed segments into the store. Raises DataError as `flush`."""
        try:
            brought = self._keeping.seal()
        except DataError as error:
            raise DataError(f"{error.message}. {self._safe()}") from error
        self.sealed = self.sealed.plus(brought)
        self._complain(brought)
        return brought

    def _complain(self, brought: Sealed) -> None:
        for trouble in brought.troubles(self.root):
            self.hearing.complain("store", trouble)

    def finish(self) -> None:
        """The end in order: the last rows are made durable and brought in. Errors as `flush`."""
        self.flush(self.hearing.taken(at_the_end=True))
        self._keeping.close()
        self.seal()

    def _blocks(self, rows: Sequence[Captured]) -> list[Block]:
        try:
            return list(captured_blocks(rows))
        except DataError:
            return [block for row in rows for block in self._block(row)]

    def _block(self, row: Captured) -> list[Block]:
        """One row alone; none where its amounts cannot be stored."""
        try:
            return list(captured_blocks([row]))
        except DataError as error:
            self.hearing.complain("amounts", error.message)
            return []

    def _count(self, blocks: Sequence[Block]) -> None:
        for block in blocks:
            heard = self.hearing.symbols[block.symbol]
            heard.counts[block.kind.name] += len(block)
            if block.kind is TRADES:
                heard.trade_ids.add(block.columns["trade_id"].tolist())

    def _full(self, error: OSError, rows: int) -> DataError:
        try:
            with naming_disk_faults(self.root):
                raise error
        except DataError as named:
            reason = named.message.split(": nothing was changed")[0]
            return DataError(
                f"{reason}: recording stopped; {rows:,} rows were lost. {self._safe()}"
            )
        except OSError:
            return DataError(f"{self.root}: {error}: recording stopped. {self._safe()}")

    def _safe(self) -> str:
        return (
            f"All {self._acknowledged:,} rows acknowledged are safe; those not in the store yet"
            " come in at the next start"
        )

    # -- looking -----------------------------------------------------------------------------
    def progress(self) -> Progress:
        """How it goes, as of now."""
        now = self._elapsed_ns()
        since_s = max(now - self._looked_ns, 1) / SECOND
        per_s = (self._acknowledged - self._looked_at) / since_s
        self._looked_ns, self._looked_at = now, self._acknowledged
        hearing = self.hearing
        return Progress(
            (now - self._begun_ns) / SECOND,
            self._acknowledged,
            self.sealed.added,
            per_s,
            self._keeping.waiting_bytes,
            disk_usage(self.root).free,
            hearing.complaints.total(),
            hearing.last_complaint,
            hearing.lost,
            tuple(self._symbol(symbol, heard) for symbol, heard in hearing.symbols.items()),
        )

    def whole(self) -> Progress:
        """The same at the end, with the rate of the whole time."""
        told = self.progress()
        return replace(told, per_s=told.acknowledged / max(told.elapsed_s, 1e-9))

    def _symbol(self, symbol: str, heard: Heard) -> SymbolProgress:
        counts = heard.counts
        lag_ms = None if heard.lag_ns is None else heard.lag_ns / 1e6
        gaps = self._gaps[symbol].told
        missing = sum(gap.missing for gap in gaps)
        rows = (counts["trades"], counts["books"], counts["depth"])
        return SymbolProgress(symbol, *rows, heard.trade_ids.told(), lag_ms, len(gaps), missing)
