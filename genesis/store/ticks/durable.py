"""Files that are whole or absent: temporary name, fsync, rename, fsync of the folder."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from genesis.errors import DataError

_CLOSED: Final = frozenset(
    {
        *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR),
        *(errno.EISDIR, errno.EEXIST, errno.ENOENT),
    }
)
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def unique_token() -> str:
    """A file name part that no other file has."""
    return secrets.token_hex(8)


def make_folder(folder: Path) -> None:
    """Create a folder and its parents, durably."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that appears under its name only when the `with` ends well; replaces an older one."""
    make_folder(path.parent)
    temporary = path.with_name(f"{path.name}.{unique_token()}.tmp")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


@contextmanager
def naming_disk_faults(root: Path) -> Iterator[None]:
    """Turns "no space left" and "not allowed" from anywhere inside into one clear line.

    Raises:
        DataError: the disk, a quota or a file size limit is exhausted, or `root` cannot be written.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DataError(
                f"{root}: the disk is full ({os.strerror(error.errno)}): nothing was changed;"
                " free some space and run the command again"
            ) from error
        if error.errno in _CLOSED:
            where = error.filename or root
            raise DataError(
                f"{where} cannot be written ({os.strerror(error.errno)}): nothing was changed;"
                " choose another place"
            ) from error
        raise
