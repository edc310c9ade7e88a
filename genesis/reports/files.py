"""Reports on disk: written beside their place, then moved there; never half, never for nothing.

A folder is locked while reports move into it, so the `.part` of such a report found then belongs
to a run that was killed, and is removed; no other file is, the folder may be anybody's. A report
whose bytes would not change is not touched.
"""

import errno
import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from genesis.store.ticks.durable import make_folder, naming_disk_faults, sync_folder

PART: Final = ".part"


def require_place(folder: Path) -> None:
    """Say at once what would be said at the end of a report's making.

    Raises:
        DataError: the folder is a file, or below one, or cannot be written.
    """
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    with naming_disk_faults(folder):
        if not nearest.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(nearest))
        if not os.access(nearest, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(nearest))


def place(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Put files into a folder, all or none; False where nothing had to change.

    Raises:
        DataError: the disk is full or the folder cannot be written; the older files stay.
    """
    with naming_disk_faults(folder):
        make_folder(folder)
        with _alone(folder, files):
            changed = {name: body for name, body in files.items() if _read(folder / name) != body}
            _write(folder, changed)
    return bool(changed)


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    parts = {folder / name: folder / f"{name}{PART}" for name in files}
    try:
        for body, part in zip(files.values(), parts.values(), strict=True):
            with part.open("xb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
        for path, part in parts.items():
            part.replace(path)
    except BaseException:
        for part in parts.values():
            part.unlink(missing_ok=True)
        raise
    if files:
        sync_folder(folder)


@contextmanager
def _alone(folder: Path, names: Iterable[str]) -> Iterator[None]:
    """Hold the folder itself; what a killed writer of these files left in it is removed."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        for name in names:
            (folder / f"{name}{PART}").unlink(missing_ok=True)
        yield
    finally:
        os.close(handle)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
