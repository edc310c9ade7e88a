"""Shared fixtures: where reference data lies, and a guard against leaving the machine."""

import gc
import os
import sys
from collections.abc import Iterator
from decimal import localcontext
from importlib import import_module
from itertools import count
from pathlib import Path
from tempfile import mkstemp

import pytest
from hypothesis import HealthCheck, settings

from genesis.domain.money import CONTEXT

settings.register_profile(
    "genesis",
    deadline=None,  # no test asserts on wall time
    suppress_health_check=[HealthCheck.too_slow],  # nor on a loaded machine
)
settings.load_profile("genesis")

# Tests start hundreds of processes; each would compile the whole package anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# The cycle collector would look through all modules and tests again and again: a tenth of the time.
gc.set_threshold(20_000)

# A grammar of web addresses that takes a second to build: `genesis` leaves it out, too.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
_EACH_PROCESS = str(ROOT / "tests" / "support" / "each_process")
_COUNTED = pytest.StashKey[Path]()
sys.path.append(_EACH_PROCESS)
if _EACH_PROCESS not in os.environ.get("PYTHONPATH", "").split(os.pathsep):
    _paths = (_EACH_PROCESS, os.environ.get("PYTHONPATH", ""))
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, _paths))


def require(found: bool, what: str) -> None:
    """Skip with the reason where something optional is absent; fail where all must be there."""
    if found:
        return
    if os.environ.get("GENESIS_REQUIRE_ALL"):
        pytest.fail(f"{what} is required here and absent")
    pytest.skip(f"{what} is absent")


@pytest.fixture(scope="session")
def shared() -> Path:
    require(SHARED.is_dir(), "the reference data folder ../shared")
    return SHARED


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders to be, one a test: pytest's own numbering would list them all for each new one."""
    folder = tmp_path_factory.mktemp("homes")
    return (folder / str(number) for number in count())


@pytest.fixture(scope="session", autouse=True)
def _nobodys_settings(_homes: Iterator[Path]) -> Iterator[None]:
    """Nor does what several tests share, which is made before the home of the first."""
    with pytest.MonkeyPatch.context() as patched:
        for name in [name for name in os.environ if name.startswith("GENESIS_")]:
            if name != "GENESIS_REQUIRE_ALL":
                patched.delenv(name)
        _live_in(next(_homes), patched)
        yield


@pytest.fixture(autouse=True)
def _home(_homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """No test touches the user's data folder or settings."""
    _live_in(next(_homes), monkeypatch)


def _live_in(own: Path, patched: pytest.MonkeyPatch) -> None:
    for name, folder in (("GENESIS_HOME", own / "home"), ("XDG_DATA_HOME", own / "share")):
        folder.mkdir(parents=True)
        patched.setenv(name, str(folder))


@pytest.fixture(autouse=True)
def _own_sums() -> Iterator[None]:
    """ccxt changes how its caller rounds: no test inherits that from one before it."""
    with localcontext(CONTEXT):
        yield


# -- the network -----------------------------------------------------------------------------
network_guard = import_module("network_guard")  # of every process that a test starts, too
network_guard.install()


def pytest_configure(config: pytest.Config) -> None:
    """Who starts the run makes the file in which all its processes count."""
    if not hasattr(config, "workerinput"):
        descriptor, path = mkstemp(prefix="network-attempts-")
        os.close(descriptor)
        os.environ[network_guard.ATTEMPTS] = path
        config.stash[_COUNTED] = Path(path)


def pytest_collection_finish() -> None:
    """What was loaded and collected stays to the end: nobody need look whether it is garbage."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run that tried to leave the machine has failed, whatever its tests say."""
    counted = session.config.stash.get(_COUNTED, None)
    if counted is not None and counted.read_text() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    counted = terminalreporter.config.stash.get(_COUNTED, None)
    if counted is not None:
        attempts = counted.read_text().splitlines()
        terminalreporter.write_line(f"network guard: {len(attempts)} attempts to leave the machine")
        for line in attempts:
            terminalreporter.write_line(f"  {line}", red=True)


def pytest_unconfigure(config: pytest.Config) -> None:
    gc.unfreeze()
    counted = config.stash.get(_COUNTED, None)
    if counted is not None:
        counted.unlink(missing_ok=True)
