"""The same runs in a fresh process under another hash seed.

That process reads pickled tasks from stdin and writes pickled answers to stdout.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from typing import Final

from genesis.research.bars import Bars
from genesis.research.guards.futures import fresh_columns
from genesis.research.guards.several import Data, mapped
from genesis.research.guards.subject import Subject
from genesis.research.guards.trace import Decision
from genesis.research.markets import Market

HASH_SEEDS: Final = ("0", "1")
_CODE: Final = "from genesis.research.guards.elsewhere import main; main()"


@dataclass(frozen=True, slots=True)
class Task:
    """What is run: a subject on data."""

    subject: Subject
    data: Data


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it. digest: empty where the run broke. unread: why it could not be run there."""

    digest: str = ""
    wishes: tuple[Decision, ...] = ()
    broke: str = ""
    unread: str = ""


def pickled(task: Task) -> bytes:
    """A task as it is sent.

    Raises:
        ValueError: it cannot be; says why.
    """
    maker = task.subject.given
    home = getattr(maker, "__module__", None) or type(maker).__module__
    if not isinstance(maker, str) and home == "__main__":
        raise ValueError("it is written in a notebook or script; put it into a module")
    try:
        return pickle.dumps(Task(task.subject, mapped(task.data, _alone)))
    except Exception as error:  # pickling runs the code of what is pickled
        raise ValueError(f"it cannot be sent there ({type(error).__name__}: {error})") from error


def _alone(data: Market) -> Market:
    """The data without bars that were made of them here."""
    return data if isinstance(data, Bars) else replace(data, columns=fresh_columns(data.columns))


def answers(tasks: Sequence[bytes], hash_seed: str) -> list[Answer]:
    """Run tasks in one new process of that hash seed.

    Raises:
        RuntimeError: the process ended without an answer.
    """
    path = os.pathsep.join(filter(None, sys.path))
    done = subprocess.run(
        [sys.executable, "-c", _CODE],
        input=pickle.dumps(list(tasks)),
        capture_output=True,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": path},
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise RuntimeError(said[-1] if said else f"it ended with code {done.returncode}")
    found: list[Answer] = pickle.loads(done.stdout)
    return found


def _answer(raw: bytes) -> Answer:
    try:
        task: Task = pickle.loads(raw)
    except Exception as error:  # noqa: BLE001  # a module that is not found, or does not import
        return Answer(unread=f"{type(error).__name__}: {error}")
    trace = task.subject.run(task.data)
    broke = "" if trace.broke is None else trace.broke.what
    return Answer(trace.digest, trace.wishes, broke)


def main() -> None:
    """Answer what is asked on stdin."""
    tasks: list[bytes] = pickle.loads(sys.stdin.buffer.read())
    with redirect_stdout(sys.stderr):  # what a strategy prints is no answer
        found = [_answer(raw) for raw in tasks]
    sys.stdout.buffer.write(pickle.dumps(found))
