"""How a command ends: one clear line on stderr and one exit code for every known error.

0 done · 1 the answer is no · 2 bad usage or input · 3 the service cannot be reached
70 a fault of Genesis itself (its traceback is shown) · 130 Ctrl-C · 141 the reader of a pipe left
"""

import errno
import os
import sys
import traceback
from typing import Final

import typer
from typer.exceptions import TyperException

from genesis import errors

DONE: Final = 0
NO: Final = 1
BAD_INPUT: Final = 2
UNREACHABLE: Final = 3
FAULT: Final = 70
INTERRUPTED: Final = 130
PIPE_CLOSED: Final = 141

_EXITS: Final[dict[type[errors.GenesisError], int]] = {
    errors.ConfigError: BAD_INPUT,
    errors.EventLogError: BAD_INPUT,
    errors.NotBuilt: BAD_INPUT,
    errors.StrategyFailed: BAD_INPUT,
    errors.ReportFailed: NO,
    errors.WorkerLost: NO,
    errors.OperatorError: NO,
    errors.Rejected: NO,
    errors.OutOfSync: NO,
    errors.ExchangeError: UNREACHABLE,
    errors.InvariantBroken: FAULT,
}

_MACHINE: Final = {
    errno.ENOSPC: "the disk is full: free some space and run the command again",
    errno.EDQUOT: "the disk quota is used up: free some space and run the command again",
    errno.EROFS: "this place is read-only: choose another with --home or GENESIS_HOME",
    errno.EFBIG: "a file would grow beyond what is allowed here: raise the limit (ulimit -f)",
    errno.ENOTDIR: "a part of this path is a file and no folder: name another place",
    errno.EISDIR: "this is a folder where a file is needed: name another place, or move it away",
    errno.ENAMETOOLONG: "this name is too long: choose a shorter one",
    errno.EACCES: "permission denied: check who owns it, or choose another place",
    errno.EADDRINUSE: "the port is in use: end what holds it, or choose another with --port",
}


def end(error: BaseException) -> int:
    """Say `error` on stderr in the way its kind deserves; the exit code to end with."""
    if isinstance(error, BaseExceptionGroup):
        return end(_first_leaf(error)) if _all_known(error) else _fault(error)
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    if isinstance(error, typer.Abort):
        return _line("stopped before anything was done", NO)
    if isinstance(error, TyperException):
        return _usage(error)
    if isinstance(error, BrokenPipeError):
        return _pipe_closed()
    if isinstance(error, OSError) and error.errno in _MACHINE:
        where = f"{error.filename}: " if error.filename else ""
        return _line(f"{where}{_MACHINE[error.errno]}", BAD_INPUT)
    code = exit_of(type(error))
    return _fault(error) if code == FAULT else _line(str(error), code)


def exit_of(kind: type[BaseException]) -> int:
    """The exit code of a kind of error: that of the nearest one above it in the tree."""
    return next((_EXITS[above] for above in kind.__mro__ if above in _EXITS), FAULT)


def _all_known(group: BaseExceptionGroup[BaseException]) -> bool:
    return group.split(lambda leaf: exit_of(type(leaf)) != FAULT)[1] is None


def _first_leaf(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _usage(error: TyperException) -> int:
    """One line instead of typer's frame, and where to read on. An empty one has shown its help."""
    message = error.format_message().strip()
    context = getattr(error, "ctx", None)
    if not message:
        return error.exit_code
    hint = f" (see `{context.command_path} --help`)" if context else ""
    words = " ".join(message.split()).replace("Value error, ", "")
    return _line(words.replace("Input should be", "it must be") + hint, error.exit_code)


def _pipe_closed() -> int:
    """The reader of our output has left (`| head`): leave too, without a word."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return PIPE_CLOSED


def _fault(error: BaseException) -> int:
    traceback.print_exception(error)
    return _line("this is a fault of Genesis itself, please report it with the lines above", FAULT)


def _line(text: str, code: int) -> int:
    """Say it on stderr. What a file or a user put into the text cannot steer the terminal."""
    plain = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    print(f"genesis: {plain}", file=sys.stderr)
    return code
