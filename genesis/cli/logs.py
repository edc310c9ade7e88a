"""`genesis logs`: what the engine noted, in lines that a person can read."""

import json
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Annotated, Any, Final

import typer

from genesis.cli.homes import home_of
from genesis.errors import ConfigError, UsageError

_LEVELS: Final = ("debug", "info", "warning", "error", "critical")
_LOOK_EVERY_S: Final = 0.2


def register(app: typer.Typer) -> None:
    """Add this module's verb."""
    app.command()(logs)


def logs(
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with every new line, until Ctrl-C.")
    ] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many, at most.")] = 50,
    level: Annotated[
        str, typer.Option(help="The least level: debug, info, warning, error or critical.")
    ] = "info",
    home: Annotated[
        Path | None, typer.Option(help="The home; default: GENESIS_HOME, or `data/`.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="The JSON lines as they are in the file.")
    ] = False,
) -> None:
    """Show the newest lines of the engine's log, oldest first."""
    if level.lower() not in _LEVELS:
        raise UsageError(f"--level {level!r} is unknown: it is {', '.join(_LEVELS)}")
    file = home_of(home) / "logs" / "genesis.jsonl"
    if not file.exists() and not follow:
        raise ConfigError(f"{file} is not there: no engine has run on this home yet")
    shown = _LEVELS[_LEVELS.index(level.lower()) :]

    def tell(line: str) -> None:
        typer.echo(line if as_json else human(line))

    position = file.stat().st_size if file.exists() else 0
    for line in newest(file, lines, shown, position):
        tell(line)
    if follow:
        try:
            for line in _new_lines(file, position):
                if _is_shown(line, shown):
                    tell(line)
        except KeyboardInterrupt:
            return


def newest(file: Path, most: int, shown: tuple[str, ...], size: int) -> list[str]:
    """The last `most` lines of these levels, rotated files included.

    size: of the newest file; what is written beyond it later is left out.
    """
    found: deque[str] = deque()
    for place in _files(file):
        with place.open("rb") as source:
            text = source.read(size) if place == file else source.read()
        for line in reversed(text.decode(errors="replace").splitlines()):
            if len(found) >= most:
                return list(found)
            if _is_shown(line, shown):
                found.appendleft(line)
    return list(found)


def human(line: str) -> str:
    """One line for people: time, level, where, what, and then its details."""
    told = _parsed(line)
    if told is None:
        return _plain(line)
    details = dict(told.get("context") or {})
    if told.get("error_type"):
        details = {"error": told["error_type"], **details}
    trace = details.pop("exception", None)
    words = "  ".join(f"{name}={_value(value)}" for name, value in details.items())
    head = f"{told['timestamp']} {told['level']:<8} {told['component']:<10} {told['event']}"
    text = _plain(f"{head}  {words}".rstrip())
    if isinstance(trace, str):
        text += "".join(f"\n    {_plain(each)}" for each in trace.splitlines())
    return text


def _files(file: Path) -> list[Path]:
    """The log and what was rotated out of it, newest first."""
    rotated = sorted(
        (int(old.suffix[1:]), old)
        for old in file.parent.glob(f"{file.name}.*")
        if old.suffix[1:].isdigit()
    )
    return [each for each in (file, *(old for _, old in rotated)) if each.exists()]


def _is_shown(line: str, shown: tuple[str, ...]) -> bool:
    told = _parsed(line)
    return told is None or told["level"] in shown


def _parsed(line: str) -> dict[str, Any] | None:
    """The line's fields; None where it is none of ours, such as one cut by a crash."""
    try:
        told = json.loads(line)
    except ValueError:
        return None
    needed = {"timestamp", "level", "component", "event"}
    return told if isinstance(told, dict) and needed <= told.keys() else None


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _plain(text: str) -> str:
    """What a venue or a user put into the text cannot steer the terminal."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _new_lines(file: Path, position: int) -> Iterator[str]:
    """Every whole line written after `position`, for ever; goes along with a rotation."""
    source: IO[bytes] | None = None
    rest = b""
    while True:
        if source is None and file.exists():
            source = file.open("rb")
            source.seek(position)
            position = 0
        new = source.read() if source is not None else b""
        *whole, rest = (rest + new).split(b"\n")
        yield from (line.decode(errors="replace") for line in whole if line)
        if new:
            continue
        if source is not None and _was_rotated(file, source):
            source.close()
            source = None
            continue
        time.sleep(_LOOK_EVERY_S)


def _was_rotated(file: Path, source: IO[bytes]) -> bool:
    from os import fstat

    try:
        now = file.stat()
    except FileNotFoundError:
        return False
    return now.st_ino != fstat(source.fileno()).st_ino or now.st_size < source.tell()
