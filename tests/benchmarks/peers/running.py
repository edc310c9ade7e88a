"""One engine at one work: in a process of its own, or here where only a glance is wanted.

    python -m tests.benchmarks.peers.running ENGINE WORK DATA ASKED

The process reads the data, answers with one line of JSON, does the work once for every line that
it is given, and answers each with the seconds it took, what came out, and its memory.
"""

import contextlib
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from tests.benchmarks.peers.work import Asked, Columns, Prepared, told

ROOT = Path(__file__).resolve().parents[3]
EXTRA = "pip install -e '.[dev,peers]'"


@dataclass(frozen=True, slots=True)
class Engine:
    """name: as people call it. module: of this package. needs: what has to be importable."""

    name: str
    module: str
    needs: str

    @property
    def absent(self) -> str:
        """Why it cannot run here; empty where it can."""
        found = find_spec(self.needs) is not None
        return "" if found else f"{self.name} is not installed: {EXTRA}"


OURS = Engine("genesis", "ours", "genesis")
NAUTILUS = Engine("nautilus_trader", "nautilus", "nautilus_trader")
HFT = Engine("hftbacktest", "hft", "hftbacktest")
VECTORBT = Engine("vectorbt", "vector", "vectorbt")
LOOPS = Engine("backtesting.py", "loops", "backtesting")


@dataclass(frozen=True, slots=True)
class Ran:
    """Seconds of every round but the first, which compiles and fills caches; MiB of the process."""

    seconds: tuple[float, ...]
    told: dict[str, float]
    peak_mib: float
    grown_mib: float

    @property
    def median_s(self) -> float:
        return median(self.seconds)


def ratio(one: Ran, other: Ran) -> float:
    """How many times as long as the other, round by round: the median."""
    return median(a / b for a, b in zip(one.seconds, other.seconds, strict=True))


def interleaved(
    engines: Sequence[tuple[Engine, str]], columns: Columns, asked: Asked, rounds: int, folder: Path
) -> list[Ran]:
    """Every engine with its work, in turns, each in its process: they meet the same machine."""
    data = folder / "columns.npz"
    np.savez(data, **columns)
    with contextlib.ExitStack() as stack:
        running = [stack.enter_context(_process(*each, data, asked)) for each in engines]
        turns = [[_turn(process) for process in running] for _ in range(rounds + 1)]
    made = []
    for of_one in zip(*turns, strict=True):
        last = of_one[-1]
        seconds = tuple(turn["seconds"] for turn in of_one[1:])
        made.append(
            Ran(seconds, last["told"], last["peak_mib"], last["peak_mib"] - last["had_mib"])
        )
    return made


def here(engine: Engine, work: str, columns: Columns, asked: Asked) -> Ran:
    """Once, in this process: shows that it runs, its seconds say little."""
    module, run = _prepared(engine.module, work, columns, asked)
    begun = perf_counter()
    result = run()
    seconds = perf_counter() - begun
    return Ran((seconds,), _told(module, result), _memory_mib("VmHWM"), 0.0)


def _prepared(module: str, work: str, columns: Columns, asked: Asked) -> tuple[Any, Prepared]:
    found = import_module(f"tests.benchmarks.peers.{module}")
    return found, getattr(found, work)(columns, asked)


def _told(module: Any, result: Any) -> dict[str, float]:
    found: dict[str, float] = getattr(module, "told", told)(result)
    return found


@contextlib.contextmanager
def _process(engine: Engine, work: str, data: Path, asked: Asked) -> Any:
    words = [engine.module, work, str(data), json.dumps(asdict(asked))]
    command = [sys.executable, "-m", "tests.benchmarks.peers.running", *words]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=ROOT, text=True, **pipes) as process:  # type: ignore[call-overload]
        _answer(process)  # it is ready
        try:
            yield process
        finally:
            process.stdin.close()


def _turn(process: Any) -> dict[str, Any]:
    process.stdin.write("run\n")
    process.stdin.flush()
    return _answer(process)


def _answer(process: Any) -> dict[str, Any]:
    line = process.stdout.readline()
    if not line:
        raise SystemExit(f"{' '.join(process.args[2:5])} ended: run it by hand to see why")
    answer: dict[str, Any] = json.loads(line)
    return answer


def _memory_mib(field: str) -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{field}:")[2].split()[0]) / 1024


def main(name: str, work: str, data: str, asked: str) -> None:
    answers = sys.stdout
    sys.stdout = sys.stderr  # what engines print is no answer
    with np.load(data) as held:
        columns = dict(held)
    words = json.loads(asked)
    module, run = _prepared(name, work, columns, Asked(**{**words, "pairs": tuple(words["pairs"])}))
    had_mib = _memory_mib("VmRSS")
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for _ in sys.stdin:
        begun = perf_counter()
        result = run()
        turn = {"seconds": perf_counter() - begun, "told": _told(module, result)}
        turn |= {"peak_mib": _memory_mib("VmHWM"), "had_mib": had_mib}
        print(json.dumps(turn), file=answers, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
