"""The tick store when things go wrong in the middle: kills, a full disk, several at once."""

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from genesis.errors import DataError
from genesis.store.ticks import TickStore
from genesis.store.ticks import manifest as manifests
from genesis.store.ticks.staging import staging
from tests.support import tick_files
from tests.support.tick_files import DAY_MS, MIDNIGHT_MS

ROOT = Path(__file__).parents[3]
BTC = "BTC/USDT"
ROWS = 60_000

IMPORT = """
import sys
from pathlib import Path
from genesis.store.ticks import TickStore, archive_blocks
archive_blocks.BLOCK_BYTES = 1 << 18
store = TickStore(Path(sys.argv[1]))
print("ready", flush=True)
for path in sys.argv[2:]:
    print(store.import_file(Path(path)).added, flush=True)
"""
READ = """
import sys
from pathlib import Path
from genesis.store.ticks import TickStore
store = TickStore(Path(sys.argv[1]))
print("ready", flush=True)
counts, over = set(), False
while not over:
    over = Path(sys.argv[2]).exists()  # one more look once all is there
    counts.add(store.sql("SELECT count(*), count(DISTINCT trade_id) FROM trades").fetchall()[0])
    counts.add((len(store.arrays("BTC/USDT")),) * 2)
print(sorted(counts))
"""


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.fixture(scope="module")
def three_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of three UTC days."""
    rows = tick_files.steady(1, ROWS, start_ms=MIDNIGHT_MS - DAY_MS, step_ms=3 * DAY_MS // ROWS)
    return tick_files.write(tmp_path_factory.mktemp("days") / "BTCUSDT-t.csv", rows)


def test_kill_at_any_moment_leaves_the_store_whole(tmp_path: Path, three_days: Path) -> None:
    home = tmp_path / "home"
    store = TickStore(home)
    store.import_file(tick_files.write(tmp_path / "BTCUSDT-0.csv", tick_files.steady(900_000, 10)))
    whole = start(IMPORT, tmp_path / "timing", three_days)
    began = time.perf_counter()
    whole.wait()
    duration = time.perf_counter() - began
    struck = traces = 0
    for moment in range(40):
        if moment >= 10 and struck and traces:
            break
        process = start(IMPORT, home, three_days)
        if moment % 2:  # in the middle of writing, however fast the machine is just now
            while not any((store.root / ".staging").glob("*/trades")) and process.poll() is None:
                pass
        else:
            time.sleep(duration * moment / 10)
        process.send_signal(signal.SIGKILL)
        struck += process.wait() == -signal.SIGKILL
        named = manifests.file_names(store.manifest())
        on_disk = {
            path.relative_to(store.root).as_posix() for path in store.root.rglob("*.parquet")
        }
        traces += bool(on_disk - named) or any((store.root / ".staging").glob("*/trades"))
        counted = store.sql("SELECT count(*), count(DISTINCT trade_id) FROM trades").fetchall()[0]
        assert counted[0] == counted[1] == len(store.arrays(BTC))
        assert counted[0] in (10, ROWS + 10)
    assert struck
    assert traces
    store.import_file(three_days)
    assert len(store.arrays(BTC)) == ROWS + 10
    assert store.check(BTC).rows == ROWS + 10
    for path in store.root.rglob("*"):
        stamp = path.stat().st_mtime - manifests.GRACE_S - 5
        os.utime(path, (stamp, stamp))
    store.import_file(three_days)
    kept = manifests.file_names(store.manifest()) | {"manifest.json"}
    assert set(tick_files.fingerprint(store.root)) == kept


def test_abandoned_stage_is_removed_and_a_living_one_is_not(tmp_path: Path) -> None:
    root = tmp_path / "ticks"
    with staging(root):
        (alive,) = [path for path in (root / ".staging").iterdir() if path.is_dir()]
        (root / ".staging" / "dead").mkdir()
        (root / ".staging" / "dead" / "trades").write_bytes(b"half")
        with staging(root):
            assert alive.exists()
            assert not (root / ".staging" / "dead").exists()
    assert not alive.exists()


@pytest.mark.parametrize("limit", [2_000, 20_000, 400_000])
def test_full_disk_is_one_clear_error_and_changes_nothing(
    tmp_path: Path, three_days: Path, limit: int
) -> None:
    """A limit on file sizes strikes at different steps: staging, Parquet, manifest."""
    store = TickStore(tmp_path)
    store.import_file(tick_files.write(tmp_path / "BTCUSDT-0.csv", tick_files.steady(900_000, 10)))
    before = tick_files.fingerprint(store.root)
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, old[1]))
    try:
        with pytest.raises(DataError, match=r"disk is full .*: nothing was changed"):
            store.import_file(three_days)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert tick_files.fingerprint(store.root) == before
    assert store.import_file(three_days).added == ROWS


def test_disk_that_fills_up_at_each_written_byte_changes_nothing(tmp_path: Path) -> None:
    """With room for every step but the last: the manifest's swap."""
    store = TickStore(tmp_path)
    store.import_file(tick_files.write(tmp_path / "BTCUSDT-0.csv", tick_files.steady(900_000, 10)))
    before = tick_files.fingerprint(store.root)
    small = tick_files.write(tmp_path / "BTCUSDT-1.csv", tick_files.steady(1, 3))
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    refused = 0
    for limit in range(0, 6_000, 250):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, old[1]))
        try:
            store.import_file(small)
            break
        except DataError:
            refused += 1
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, old)
        assert tick_files.fingerprint(store.root) == before
    assert refused > 5
    assert len(store.arrays(BTC)) == 13


def test_really_full_disk_changes_nothing(tmp_path: Path, three_days: Path) -> None:
    """A small file system of its own, where the machine lets a test make one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a test cannot mount a small tmpfs here")
    try:
        small = tick_files.write(tmp_path / "BTCUSDT-0.csv", tick_files.steady(900_000, 10))
        store = TickStore(disk)
        store.import_file(small)
        before = tick_files.fingerprint(store.root)
        with pytest.raises(DataError, match="No space left on device"):
            store.import_file(three_days)
        assert tick_files.fingerprint(store.root) == before
        assert store.check(BTC).rows == 10
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_imports_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    pieces = [
        tick_files.write(tmp_path / f"BTCUSDT-{i}.csv", tick_files.steady(1 + i * 700, 1_000))
        for i in range(6)
    ]
    home = tmp_path / "home"
    processes = [start(IMPORT, home, *pieces[i::3]) for i in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    added = sum(int(n) for p in processes if p.stdout for n in p.stdout.read().split())
    store = TickStore(home)
    assert added == len(store.arrays(BTC)) == 4_500
    assert store.check(BTC).is_clean


def test_readers_see_whole_imports_only(tmp_path: Path) -> None:
    rows = tick_files.steady(1, 4_000)
    home, done = tmp_path / "home", tmp_path / "done"
    store = TickStore(home)
    pieces = [
        tick_files.write(tmp_path / f"BTCUSDT-{i}.csv", rows[i::8] if i else rows[:1])
        for i in range(9)
    ]
    seen = {1}
    store.import_file(pieces[0])
    reader = start(READ, home, done)
    for piece in pieces[1:]:
        store.import_file(piece)
        seen.add(len(store.arrays(BTC)))
    done.touch()
    assert reader.wait() == 0
    assert reader.stdout is not None
    told = set(eval(reader.stdout.read()))
    assert told <= {(count, count) for count in seen}
    assert (len(rows), len(rows)) in told


def test_home_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    path = tick_files.write(tmp_path / "BTCUSDT-0.csv", tick_files.steady(1, 3))
    with pytest.raises(DataError, match="cannot be written"):
        TickStore(tmp_path / "home").import_file(path)
