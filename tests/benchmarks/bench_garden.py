"""The garden through the dashboard: how soon it lives, how fast it follows, what a viewer costs.

    python -m tests.benchmarks.bench_garden [--rounds 5] [--seconds 10]

An exchange on the synthetic sample, the real engine, `genesis dashboard` and headless Chromium, all
on this machine; something moves at all times, so that the engine sends its five ticks a second. A
round is one page load on a warm kernel and some seconds of watching:

first     from navigation to the first number on the page, by the page's own clock.
load      bytes of WebSocket received until then, as the browser counts payloads.
follow    from a tick's arrival at a bare reader of the stream, which the engine serves first, to
          the moment its number stands in the page: kernel, dashboard, socket, script. The median.
kernel    memory (resident) and processor time of the page's kernel while it follows.
viewer    processor time of the engine for each further reader: five bare ones against one.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from threading import Event, Thread
from typing import Any

import httpx

from genesis.service.api.keys import HEADER
from genesis.service.home import read_key
from tests.benchmarks.figures import Figure, medians, rounds_table, table
from tests.support.browser import ARGUMENTS, chromium_path
from tests.support.dashboard import Dashboard, dashboard
from tests.support.process import Process

FIRST_S = 2.5
LOAD_KB = 40.0
FOLLOW_MS = 15.0
KERNEL_MB = 80.0
KERNEL_CPU = 1.0
VIEWER_CPU = 1.0
SECONDS = 10.0
SMALL_S = 1.0
VIEWERS = 5
LEAST_WARM_S = 3.0
LONGEST_WARM_S = 60.0
IDLE = 0.03
"""A dashboard whose kernels use less of a core than this has one that waits warm."""
_TICKS = os.sysconf("SC_CLK_TCK")
_PROBE = """
window.placed = {}; window.first = null;
new MutationObserver(changes => {
  for (const { target } of changes) {
    const seq = target.dataset?.seq;
    if (!seq) continue;
    if (window.first === null) window.first = performance.now();
    window.placed[seq] ??= performance.timeOrigin + performance.now();
  }
}).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-seq"] });
"""
Figures = dict[str, float]


class Stage:
    """Everything a viewer needs but the browser."""

    def __init__(self, folder: Path, ending: ExitStack) -> None:
        self.home = folder / "home"
        exchange = ending.enter_context(
            Process(folder, "exchange", "--sample", "--loop", "--port", "0")
        )
        arguments = ("--mode", "paper", "--json", "--port", "0", "--home", str(self.home))
        venue = {"GENESIS_VENUE_URL": exchange.ready["url"]}
        self.engine = ending.enter_context(Process(folder, "run", *arguments, **venue))
        self.served: Dashboard = ending.enter_context(dashboard(folder, self.home))

    @contextmanager
    def reading(self) -> Iterator[dict[int, float]]:
        """A bare reader of the stream: when each seq arrived, in ms since 1970."""
        arrived: dict[int, float] = {}
        stop = Event()

        def read() -> None:
            key = read_key(self.home / "control.key")
            url = f"{self.engine.ready['url']}/stream"
            with httpx.stream("GET", url, headers={HEADER: key}, trust_env=False) as told:
                for line in told.iter_lines():
                    at_ms = time.time() * 1e3
                    if stop.is_set():
                        return
                    _, mark, rest = line.partition('"seq": ')
                    if mark:
                        arrived.setdefault(int(rest.partition(",")[0]), at_ms)

        thread = Thread(target=read, daemon=True)
        thread.start()
        try:
            yield arrived
        finally:
            stop.set()
            thread.join()


def wait_warm(server: int) -> None:
    """Until the kernel of the next page has done its work."""
    time.sleep(LEAST_WARM_S)
    deadline = time.monotonic() + LONGEST_WARM_S
    before = family_cpu_s(server)
    while time.monotonic() < deadline:
        time.sleep(1)
        now = family_cpu_s(server)
        if 0 <= now - before < IDLE:
            return
        before = now


def family_cpu_s(server: int) -> float:
    """Processor seconds of a process and its children so far."""
    used = cpu_s(server)
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(path.read_text().rpartition(")")[2].split()[1]) == server:
                used += cpu_s(int(path.parent.name))
        except OSError:
            continue
    return used


def cpu_s(pid: int) -> float:
    """Processor seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def kernel_of(socket_url: str) -> int:
    """The process of the kernel a page's socket leads to."""
    name = socket_url.split("/api/kernels/")[1].split("/")[0]
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        if name in path.read_text(errors="replace"):
            return int(path.parent.name)
    raise LookupError(socket_url)


def viewed(browser: Any, stage: Stage, seconds: float) -> Figures:
    """One page load, and some seconds of watching."""
    page = browser.new_context(viewport={"width": 1280, "height": 860}).new_page()
    sockets: list[str] = []
    received: list[int] = []

    def opened(socket: Any) -> None:
        sockets.append(socket.url)
        socket.on("framereceived", lambda frame: received.append(len(frame)))

    page.on("websocket", opened)
    page.add_init_script(_PROBE)
    with stage.reading() as arrived:
        page.goto(stage.served.url)
        page.wait_for_selector(".garden[data-link=flowing][data-seq]")
        load = sum(received)
        first_ms = page.evaluate("window.first")
        kernel = kernel_of(sockets[0])
        page.wait_for_timeout(1_000)
        before, began = cpu_s(kernel), time.monotonic()
        page.wait_for_timeout(seconds * 1e3)
        used = (cpu_s(kernel) - before) / (time.monotonic() - began)
        placed = {int(seq): at for seq, at in page.evaluate("window.placed").items()}
        waits = [at - arrived[seq] for seq, at in placed.items() if seq in arrived][1:]
        found = {
            "first s": first_ms / 1e3,
            "load kB": load / 1e3,
            "follow ms": median(waits),
            "ticks/s": (len(placed) - 1) / (max(placed.values()) - min(placed.values())) * 1e3,
            "kernel MB": resident_mb(kernel),
            "kernel %": used * 100,
        }
    page.context.close()
    return found


def per_viewer(stage: Stage, seconds: float) -> float:
    """Percent of a core that a further reader costs the engine."""

    def used(readers: int) -> float:
        with ExitStack() as reading:
            for _ in range(readers):
                reading.enter_context(stage.reading())
            time.sleep(0.5)
            before, began = cpu_s(stage.engine.process.pid), time.monotonic()
            time.sleep(seconds)
            return (cpu_s(stage.engine.process.pid) - before) / (time.monotonic() - began)

    return (used(1 + VIEWERS) - used(1)) / VIEWERS * 100


def measure(rounds: int, seconds: float, *, warm: bool = True) -> list[Figures]:
    """Every round on a page of its own, all on one stage. warm: not before its kernel is."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, ExitStack() as ending:
        stage = Stage(Path(folder), ending)
        play = ending.enter_context(sync_playwright())
        browser = play.chromium.launch(executable_path=chromium_path(), args=list(ARGUMENTS))
        found = []
        for _ in range(rounds):
            if warm:
                wait_warm(stage.served.process.process.pid)
            found.append(viewed(browser, stage, seconds) | {"viewer %": per_viewer(stage, seconds)})
        browser.close()
        return found


def told(rounds: Sequence[Figures]) -> list[Figure]:
    middle = medians(rounds)
    bounds = (
        ("navigation to first number, warm kernel", "first s", "s", FIRST_S),
        ("WebSocket until then", "load kB", "kB", LOAD_KB),
        ("tick to page, p50", "follow ms", "ms", FOLLOW_MS),
        ("memory of a kernel", "kernel MB", "MB", KERNEL_MB),
        ("processor of a kernel", "kernel %", "% of a core", KERNEL_CPU),
        ("processor of the engine for a further viewer", "viewer %", "% of a core", VIEWER_CPU),
    )
    figures = [
        Figure(f"garden: {name}", middle[key], unit, most) for name, key, unit, most in bounds
    ]
    return [*figures, Figure("garden: ticks placed (5 are sent)", middle["ticks/s"], "/s")]


def figures(*, rounds: int, small: bool) -> list[Figure]:
    if chromium_path() is None:
        return []
    return told(measure(rounds, SMALL_S if small else SECONDS, warm=not small))


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=SECONDS)
    asked = options.parse_args()
    rounds = measure(asked.rounds, asked.seconds)
    print(rounds_table(rounds))
    found = told(rounds)
    print(table(found))
    print(f"load average {os.getloadavg()[0]:.2f}")
    return 1 if any(each.holds is False for each in found) else 0


if __name__ == "__main__":
    sys.exit(main())
