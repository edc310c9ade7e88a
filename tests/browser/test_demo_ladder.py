"""`genesis demo --story ladder` as its watcher sees it, in a browser: the way up and the way down.

One demo, one pair of pages that stay open while the story goes on beside them. The long form of two
others: the story without a browser, and the path with an account of its own.
"""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.browser import Look, shot
from tests.support.patience import PATIENCE_S
from tests.support.process import command, environment

READY = ".path[data-link=flowing] .way [data-state=here]"
GARDEN = ".garden[data-link=flowing][data-seq]"


class Shown:
    """A demo that runs; `lines` are what it said so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._queue: Queue[str] = Queue()
        Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._queue.put(line.rstrip("\n"))

    def until(self, words: str) -> str:
        """The line with these words, waited for."""
        deadline = time.monotonic() + PATIENCE_S
        while not any(words in line for line in self.lines):
            left = deadline - time.monotonic()
            assert left > 0, f"{words!r} was not said: {self.lines}"
            self.lines.append(self._queue.get(timeout=left))
        return next(line for line in self.lines if words in line)


@pytest.fixture
def demo(chromium: Any, tmp_path: Path) -> Iterator[Shown]:
    said = ("demo", "--story", "ladder", "--speed", "30", "--minutes", "6", "--no-report")
    process = subprocess.Popen(
        command(*said, "--home", str(tmp_path / "home")),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=tmp_path,
        env=environment(),
    )
    yield Shown(process)
    if process.poll() is None:
        process.send_signal(signal.SIGINT)  # its garden ends with it
    process.wait(PATIENCE_S)


def address(url: str, page: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/{page}?token={parse_qs(parts.query)['token'][0]}"


@pytest.mark.long
def test_a_ceremony_and_a_way_down_are_seen(demo: Shown, look: Look, screens: Path) -> None:
    url = demo.until("http://127.0.0.1:").split()[-1]
    if "token=" not in url:  # the venue's address came first
        url = demo.until("token=").split()[-1]
    path, garden = look(height=1500), look()
    path.goto(address(url, "tiers"))
    garden.goto(address(url, "zen_garden"))
    path.wait_for_selector(READY)

    path.wait_for_selector(".invite:has-text('stands open')")
    assert path.inner_text(".way [data-state=here] b") == "sniper"
    assert "paper time" in path.inner_text(".past"), "the synthetic history lies behind"
    shot(path, screens, "ladder-ceremony")
    garden.wait_for_selector(GARDEN)
    garden.wait_for_selector(".garden[data-weather=ceremony]")
    assert "a ceremony waits" in garden.inner_text(".weather")
    garden.wait_for_timeout(500)
    shot(garden, screens, "ladder-garden-ceremony")

    demo.until("the ceremony is held: HUNTER, ADJUST48")
    path.wait_for_selector(".way li:nth-child(2)[data-state=here]")
    assert "sniper to hunter" in path.inner_text(".past")
    assert "Half sizes: 0 of 10 trades" in path.inner_text(".waits")
    garden.wait_for_selector(".tier:has-text('HUNTER')")
    garden.wait_for_selector("text=Welcome to HUNTER. Sizes are smaller at first.")
    shot(path, screens, "ladder-hunter")

    demo.until("EMERGENCY TIER DEMOTION")
    path.wait_for_selector(".notice:not([hidden])")
    notice = path.inner_text(".notice")
    for words in ("The way led from hunter to sniper", "Nothing has to be won back", "30 days"):
        assert words in notice
    assert "hunter to sniper" in path.inner_text(".past")
    shot(path, screens, "ladder-demotion")
    garden.wait_for_selector(".garden[data-weather=emergency]")
    garden.wait_for_selector("text=Excessive losses detected: -16")
    assert garden.inner_text(".tier") == "SNIPER"
    shot(garden, screens, "ladder-garden-demotion")

    demo.process.send_signal(signal.SIGINT)
    assert json.loads(demo.until('"log_verified"'))["log_verified"] is True
    assert demo.process.wait(PATIENCE_S) == 0
