"""Bad input on the real command line: one clear line, the right exit code, nothing lost."""

import gzip
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from genesis.store.database import DATABASE_NAME
from genesis.store.ticks import TickStore
from tests.support import tick_files
from tests.support.markets import wandering_ticks
from tests.support.patience import PATIENCE_S
from tests.support.process import Control, Process, environment, ran
from tests.support.recorded_home import record_home

AT_ONCE = 2
"""Commands that run side by side."""


@dataclass(frozen=True)
class Case:
    """A command, the words that its one line must hold, and the exit code it must end with."""

    arguments: str
    words: tuple[str, ...]
    code: int = 2
    settings: dict[str, str] = field(default_factory=dict)


def genesis(
    folder: Path, *arguments: object, **settings: str
) -> "subprocess.CompletedProcess[str]":
    """Run a command in `folder`; its home is `folder/home` where the settings name no other."""
    settings = {
        "GENESIS_HOME": str(folder / "home"),
        "XDG_DATA_HOME": str(folder / "share"),
        **settings,
    }
    return ran(folder, *map(str, arguments), **settings)


def refused(folder: Path, *cases: Case) -> None:
    """Every case ends with its code and exactly one line that holds its words."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        ran = list(pool.map(lambda c: genesis(folder, *c.arguments.split(), **c.settings), cases))
    for case, done in zip(cases, ran, strict=True):
        assert done.returncode == case.code, (case, done.stderr)
        assert done.stderr.startswith("genesis: "), (case, done.stderr)
        assert done.stderr.count("\n") == 1, (case, done.stderr)
        assert "Traceback" not in done.stdout
        for word in case.words:
            assert word in done.stderr, (case, done.stderr)


def everything(root: Path) -> dict[str, object]:
    """Every file below with its content, every folder by its name."""
    folders: dict[str, object] = {str(f.relative_to(root)): "" for f in root.rglob("*/")}
    return folders | dict(tick_files.fingerprint(root))


# -- recorded markets --------------------------------------------------------------------------
@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tick files, good and bad, beside a home that holds 300 trades of BTC/USDT."""
    folder = tmp_path_factory.mktemp("market")
    rows = tick_files.steady(1, 300)
    good = tick_files.write(folder / "BTCUSDT-good.csv.gz", rows)
    assert TickStore(folder / "home").import_file(good).kinds[0].added == 300
    whole = gzip.compress(tick_files.text(tick_files.steady(1000, 900)))
    (folder / "BTCUSDT-cut.csv.gz").write_bytes(whole[: len(whole) // 2])
    packed = tick_files.write(folder / "BTCUSDT-cut.zip", rows)
    packed.write_bytes(packed.read_bytes()[:-40])
    (folder / "garbage.csv").write_bytes(bytes(range(256)) * 4)
    (folder / "BTCUSDT-empty.csv").touch()
    ticks = wandering_ticks(500, agility=4).frame()
    ticks.to_parquet(folder / "good.parquet")
    ticks[:0].to_parquet(folder / "empty.parquet")
    body = (folder / "good.parquet").read_bytes()
    (folder / "cut.parquet").write_bytes(body[: len(body) // 2])
    return folder


def test_tick_files_that_cannot_be_used(folder: Path) -> None:
    before = everything(folder)
    refused(
        folder,
        Case("ticks import absent.csv", ("absent.csv", "no such file")),
        Case("ticks import BTCUSDT-cut.csv.gz", ("BTCUSDT-cut.csv.gz", "cut short or damaged")),
        Case("ticks import BTCUSDT-cut.zip", ("BTCUSDT-cut.zip", "cut short or damaged")),
        Case("ticks import garbage.csv", ("garbage.csv line 1", "begins no known format")),
        Case("ticks import BTCUSDT-empty.csv", ("BTCUSDT-empty.csv is empty",)),
        Case("exchange --feed BTCUSDT-cut.csv.gz", ("BTCUSDT-cut.csv.gz", "cut short")),
        Case("backtest sma_cross --ticks cut.parquet", ("cut.parquet", "genesis ticks import")),
        Case("backtest sma_cross --ticks empty.parquet", ("empty.parquet holds no rows",)),
    )
    assert everything(folder) == before


def test_unknown_symbols(folder: Path) -> None:
    before = everything(folder)
    held = ("no ticks of ETH/USDT", "it holds BTC/USDT", "genesis ticks import")
    refused(
        folder,
        Case("ticks check ETH/USDT", held),
        Case("exchange --symbol ETH/USDT", held),
        Case("backtest sma_cross --symbol ETH/USDT", held),
        Case("ticks bars nonsense", ("'NONSENSE' is unknown", "BTC/USDT")),
    )
    assert everything(folder) == before


_FILL = """
import_() { "$PYTHON" -m genesis ticks import "$1" --home "$DISK/home" >/dev/null; }
state() { (cd "$DISK" && find . -type d -print -o ! -name '*lock' -exec cksum {} +) | sort; }
import_ "$GOOD" || exit 98
state > before
"$PYTHON" -m genesis ticks list --json --home "$DISK/home" > list-before
$LIMIT
import_ "$BIG" 2> told
echo $? > code
state > after
"$PYTHON" -m genesis ticks list --json --home "$DISK/home" > list-after
"""


def test_a_disk_that_fills_up_while_importing(folder: Path, tmp_path: Path) -> None:
    """A disk of 400 kB where one may be mounted; elsewhere a limit on the size of files."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = f"mount -t tmpfs -o size=400k none {disk}"
    unshared = ("unshare", "-rm", "sh", "-c")
    may_mount = shutil.which("unshare") is not None and (
        subprocess.run([*unshared, mount], capture_output=True, check=False).returncode == 0
    )
    big = tick_files.write(tmp_path / "BTCUSDT-big.csv", tick_files.steady(1_000, 40_000))
    subprocess.run(
        [*unshared, f"{mount} && {_FILL}"] if may_mount else ["sh", "-c", _FILL],
        cwd=tmp_path,
        env=environment(
            PYTHON=sys.executable,
            DISK=str(disk),
            GOOD=str(folder / "BTCUSDT-good.csv.gz"),
            BIG=str(big),
            LIMIT="" if may_mount else "ulimit -f 60",
        ),
        check=True,
        timeout=PATIENCE_S,
    )
    told = (tmp_path / "told").read_text()
    assert (tmp_path / "code").read_text() == "2\n", told
    assert told.count("\n") == 1, told
    assert str(disk) in told
    assert "the disk is full" in told
    assert "nothing was changed" in told
    assert (tmp_path / "after").read_text() == (tmp_path / "before").read_text()
    listed = (tmp_path / "list-before").read_text()
    assert '"rows": 300' in listed
    assert (tmp_path / "list-after").read_text() == listed


# -- strategies, rules, venues: refused before anything is touched -----------------------------
def test_strategies_and_parameters(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "good.parquet").symlink_to(folder / "good.parquet")
    backtest = "--ticks good.parquet --param"
    refused(
        tmp_path,
        Case("backtest nope --ticks good.parquet", ("'nope'", "sma_cross, spread_capture")),
        Case(f"backtest sma_cross {backtest} fsat=1", ("no parameter 'fsat'", "it knows: fast")),
        Case(f"backtest sma_cross {backtest} fast=few", ("fast must be a whole number", "'few'")),
    )
    assert not (tmp_path / "home").exists()


def test_rules_files(tmp_path: Path) -> None:
    (tmp_path / "syntax.toml").write_text("[risk\n")
    (tmp_path / "key.toml").write_text("[risk]\nrisk_per_trad = 0.01\n")
    (tmp_path / "type.toml").write_text('[risk]\ntaker_fee_bps = "ten"\n')
    wandering_ticks(100, agility=4).frame().to_parquet(tmp_path / "t.parquet")
    backtest = "backtest sma_cross --ticks t.parquet --rules"
    refused(
        tmp_path,
        Case(f"{backtest} syntax.toml", ("syntax.toml is not valid TOML", "line 1")),
        Case(f"{backtest} key.toml", ("key.toml", "risk.risk_per_trad", "not a known key")),
        Case(f"{backtest} type.toml", ("type.toml", "risk.taker_fee_bps", "must be a number")),
        Case(f"{backtest} absent.toml", ("absent.toml", "No such file", "research, sniper")),
    )
    assert not (tmp_path / "home").exists()


def test_paper_stays_on_this_machine(tmp_path: Path) -> None:
    away = {"GENESIS_VENUE_URL": "http://10.1.2.3:9100"}
    not_loopback = ("paper mode refuses", "not on loopback", "genesis exchange")
    refused(
        tmp_path,
        Case("run --mode paper --venue-url https://api.binance.com", not_loopback),
        Case("close-all --direct", ("10.1.2.3", *not_loopback), settings=away),
        Case("run --mode paper --venue-url http://127.0.0.1:1@10.1.2.3", ("not a base URL",)),
    )
    assert not (tmp_path / "home").exists()


# -- the record ---------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("recorded") / "home"
    record_home(home)
    return home


def test_an_event_log_that_cannot_be_read(recorded: Path, tmp_path: Path) -> None:
    body = (recorded / DATABASE_NAME).read_bytes()
    assert b"ORDER_SUBMIT" in body
    harmed = {
        "garbage": b"no database at all " * 999,
        "cut": body[: len(body) // 2],
    }
    for name, content in harmed.items():
        (shutil.copytree(recorded, tmp_path / name) / DATABASE_NAME).write_bytes(content)
    run = "run --mode paper --port 0 --home"
    refused(
        tmp_path,
        Case(f"{run} garbage", (f"garbage/{DATABASE_NAME}", "not a database", "restore")),
        Case(f"{run} cut", (f"cut/{DATABASE_NAME}", "malformed", "restore")),
        Case("verify --home cut", (f"cut/{DATABASE_NAME}", "malformed")),
    )
    for name, content in harmed.items():
        assert (tmp_path / name / DATABASE_NAME).read_bytes() == content


def test_no_service_no_record_and_a_home_that_was_used(recorded: Path, tmp_path: Path) -> None:
    used = tmp_path / "used"
    shutil.copytree(recorded, used)
    before = everything(used)
    start_one = ("no service runs on", str(tmp_path / "home"), "genesis run")
    refused(
        tmp_path,
        Case("status", start_one, code=3),
        Case("halt --reason calm-before-all", start_one, code=3),
        Case("close-all", start_one, code=3),
        Case("verify", (DATABASE_NAME, "there is no event log here"), code=2),
        Case("demo --headless --home used", ("used before", "empty folder")),
        Case("demo --headless --home fresh --feed absent.gz", ("absent.gz", "no such file")),
    )
    assert everything(used) == before
    assert [path.name for path in tmp_path.iterdir()] == ["used"]


# -- beside a running service -------------------------------------------------------------------
@dataclass(frozen=True)
class Trading:
    """An exchange and a paper service that trades on it."""

    folder: Path
    exchange: Process
    service: Process

    @property
    def url(self) -> str:
        return str(self.exchange.ready["url"])

    @property
    def port(self) -> str:
        return str(self.service.ready["url"]).rpartition(":")[2]


@pytest.fixture
def trading(tmp_path: Path) -> Iterator[Trading]:
    settings = {"XDG_DATA_HOME": str(tmp_path / "share"), "GENESIS_HOME": str(tmp_path / "home")}
    with Process(tmp_path, "exchange", "--sample") as exchange:
        run = ("run", "--mode", "paper", "--json", "--port", "0", "--venue-url")
        with Process(tmp_path, *run, exchange.ready["url"], **settings) as service:
            yield Trading(tmp_path, exchange, service)


def test_beside_a_running_service(trading: Trading) -> None:
    """Nothing that is refused disturbs it; killed in the end, it leaves a whole record."""
    _wrong_keys(trading)
    _second_engines(trading)
    control = Control(trading.service.ready["url"], trading.folder / "home")
    assert control.get("/account/status")["mode"] == "ACTIVE"
    assert control.get("/health")["status"] == "healthy"
    assert control.get("/locks") == []
    trading.service.end(signal.SIGKILL)
    assert (trading.folder / "home" / "service.json").is_file()
    refused(trading.folder, Case("status", ("no service runs on", "genesis run"), code=3))
    for home in ("home", "third"):
        verified = genesis(trading.folder, "verify", "--home", home)
        assert verified.returncode == 0, (home, verified.stderr)
        assert ('"events": 0' in verified.stdout) == (home != "home")


def _wrong_keys(trading: Trading) -> None:
    read_key = (trading.folder / "home" / "control-read.key").read_text().strip()
    wrong = {"GENESIS_CONTROL_KEY": "wrong"}
    refuses = (trading.port, "refuses this control key", "GENESIS_CONTROL_KEY")
    refused(
        trading.folder,
        Case("status", refuses, settings=wrong),
        Case("halt --reason not-mine-to-say", refuses, settings=wrong),
        Case("close-all", refuses, settings=wrong),
        Case(
            "halt --reason not-mine-to-say",
            ("lets this key only look", "GENESIS_CONTROL_KEY"),
            settings={"GENESIS_CONTROL_KEY": read_key},
        ),
    )


def _second_engines(trading: Trading) -> None:
    busy = (f"port {trading.port}", "in use")
    engine = f"process {trading.service.process.pid}"
    paper = "run --mode paper --port"
    localhost = trading.url.replace("127.0.0.1", "localhost")
    refused(
        trading.folder,
        Case(f"exchange --sample --port {trading.port}", busy),
        Case(f"{paper} {trading.port} --home other", (*busy, "GENESIS_PORT")),
        Case(f"{paper} 0", ("another engine", engine, str(trading.folder / "home"), "stop it")),
        Case(
            f"{paper} 0 --home third --venue-url {localhost}",
            ("another engine", engine, "the same account", "stop it"),
        ),
        Case(
            f"{paper} 0 --home fourth --venue-url {trading.url}",
            (trading.url, "refuses these keys", "GENESIS_API_KEY"),
            settings={"GENESIS_API_KEY": "somebody-else"},
        ),
    )


# -- odd arguments ------------------------------------------------------------------------------
def test_odd_arguments(folder: Path, tmp_path: Path) -> None:
    before = everything(folder)
    reversed_ = "--start 2024-08-09 --end 2024-08-08"
    odd_env = tmp_path / "env"
    odd_env.mkdir()
    (odd_env / ".env").write_bytes(b"\xff\xfe")
    refused(
        folder,
        Case("ticks sample --minutes -1", ("--minutes", "greater than or equal to 1")),
        Case("ticks sample --start 1500-01-01", ("--start", "1677")),
        Case("ticks sample --out /proc/x.gz --minutes 1", ("/proc", "cannot be written")),
        Case("ticks list --home garbage.csv", ("garbage.csv", "is a file")),
        Case(f"ticks bars btcusdt {reversed_}", ("--start", "not before --end")),
        Case("exchange --sample --port 99999", ("--port", "65535")),
        Case("exchange --sample --speed inf", ("speed inf", "at most")),
        Case("exchange --sample --balance USDT=1e99", ("USDT=1e99", "USDT=500")),
        Case("backtest sma_cross --trades no/such.csv", ("no/such.csv", "no folder")),
        Case("run --mode paper --port 99999", ("GENESIS_PORT", "65535")),
        Case("status", ("GENESIS_CAPITAL", "decimal"), settings={"GENESIS_CAPITAL": "lots"}),
        Case("demo --headless --home garbage.csv", ("garbage.csv is no folder",)),
    )
    refused(odd_env, Case("status", (str(odd_env / ".env"), "not UTF-8")))
    assert everything(folder) == before
