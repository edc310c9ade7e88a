"""Bare 4 KiB appends with fdatasync, in a process of their own, until stdin ends.

    python -m tests.benchmarks.bare_sync FILE PAUSE_MS

Prints the milliseconds each took, as one JSON list: the floor under every durable commit that was
made on the same disk meanwhile.
"""

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).resolve().parents[2]
BLOCK = bytes(range(256)) * 16


def synced(descriptor: int) -> float:
    """Milliseconds of one append that survives loss of power."""
    begun = perf_counter()
    os.write(descriptor, BLOCK)
    os.fdatasync(descriptor)
    return (perf_counter() - begun) * 1e3


@contextmanager
def beside(file: Path, pause_ms: int) -> Iterator[list[float]]:
    """Appends go on beside what is done in the block; the list is filled at its end."""
    command = [sys.executable, "-m", "tests.benchmarks.bare_sync", str(file), str(pause_ms)]
    taken: list[float] = []
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield taken
        finally:
            told = process.communicate()[0]
        taken += json.loads(told)


def main(file: str, pause_ms: str) -> None:
    descriptor = os.open(file, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    taken = []
    while not select.select([sys.stdin], [], [], int(pause_ms) / 1e3)[0]:
        taken.append(synced(descriptor))
    os.close(descriptor)
    print(json.dumps(taken))


if __name__ == "__main__":
    main(*sys.argv[1:])
