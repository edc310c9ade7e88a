"""Processes of the command line from one that has loaded its modules already.

Most of what a service or an exchange costs a test is the loading of its modules, the same each
time. So one process loads them (`python -m tests.support.warm_python SOCKET`) and forks whoever is
wanted: a process of its own with its own environment, folder, signals, exit code and end. That a
fresh Python can load the command line, and says nothing besides, is for tests that start one.

Of each request a nurse is forked first, who tells the process's id, waits, and tells how it ended.
"""

import array
import atexit
import gc
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any, Final, NoReturn

COMMANDS: Final = "genesis.cli.main"
_LOADED: Final = (
    COMMANDS,
    "genesis.service.bootstrap",
    "genesis.service.settings",
    "genesis.exchange.loopback.listing",
    "genesis.sim.sample",
    "genesis.store.feeds",
    "alembic.command",
    "uvicorn",
)
_MORE: Final[dict[str, tuple[str, ...]]] = {
    "--nbval-lax": ("nbval.plugin",),
    "backtest": ("genesis.research",),
    "dashboard": ("genesis.panels.serve",),
    "record": ("genesis.service.recording.recorder", "genesis.store.ticks"),
    "report": ("genesis.reports.run",),
    "ticks": ("genesis.store.ticks",),
}
"""Loaded for the first one who wants it."""
_FDS: Final = 3
_MOST_BYTES: Final = 1 << 20


def serve(path: str) -> str:
    """Fork until the other side of the socket is closed. Returns in forked processes only: the
    module whose `main` is wanted.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # as `main` does
    _load(_LOADED)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nurses need nobody
    line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    line.connect(path)
    while True:
        sent, fds = _asked(line)
        if not sent:
            os._exit(0)  # not by the end that libraries look for leaks at
        asked = json.loads(sent)
        _load((asked["module"], *_MORE.pop(asked["arguments"][0], ())))
        if os.fork() == 0:
            line.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _nurse(asked, *fds)
            return str(asked["module"])
        for fd in fds:
            os.close(fd)


def _load(names: tuple[str, ...]) -> None:
    names = tuple(name for name in names if name not in sys.modules)
    for name in names:
        import_module(name)
    if names:
        gc.collect()
        gc.freeze()


def _asked(line: socket.socket) -> tuple[bytes, list[int]]:
    """A request, and where output, errors and the nurse's words go."""
    fds = array.array("i")
    sent, more, *_ = line.recvmsg(_MOST_BYTES, socket.CMSG_SPACE(_FDS * fds.itemsize))
    for _level, _kind, told in more:
        fds.frombytes(told)
    return sent, list(fds)


def _nurse(asked: dict[str, Any], out: int, err: int, told: int) -> None:
    """Returns in the process that was asked for."""
    pid = os.fork()
    if pid == 0:
        os.close(told)
        _become(asked, out, err)
        return
    os.close(out)
    os.close(err)
    _tell_end(pid, told)


def _tell_end(pid: int, told: int) -> NoReturn:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.write(told, f"{pid}\n".encode())
    _, status = os.waitpid(pid, 0)
    os.write(told, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _become(asked: dict[str, Any], out: int, err: int) -> None:
    """Everything that a new process would have been given."""
    for fd, place in ((out, 1), (err, 2)):
        os.dup2(fd, place)
        os.close(fd)
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    paths = asked["environment"].get("PYTHONPATH", "").split(os.pathsep)
    sys.path[0] = ""
    sys.path[1:1] = [path for path in paths if path and path not in sys.path]
    sys.argv = ["-c", *asked["arguments"]]


def _code_of(main: Callable[[], object]) -> int:
    """The exit code of a command."""
    try:
        told = main()
    except SystemExit as asked:
        told = asked.code
    if isinstance(told, str):
        sys.stderr.write(f"{told}\n")
    return told if isinstance(told, int) else int(told is not None)


def _end(code: int) -> NoReturn:
    """As Python ends, but for the taking apart of all that was loaded: it would cost more than most
    commands do, and some libraries would call what is frozen a leak.
    """
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads, as multiprocessing does
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    _end(_code_of(import_module(serve(sys.argv[1])).main))
