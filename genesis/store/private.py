"""What a home holds is its owner's alone: the pages in the log are texts nobody else may read."""

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

FOLDER_MODE: Final = 0o700
_FILE_MODE: Final = 0o600
_OTHERS: Final = 0o077


def opener(path: str, flags: int) -> int:
    """For `open`: a file that is made can be read by its owner alone."""
    return os.open(path, flags, _FILE_MODE)


def make_empty(path: Path) -> None:
    """Make the file where there is none. One that is there is never opened: closing it would drop
    the locks that SQLite holds on it in this process.
    """
    with suppress(OSError):  # whoever needs the file will say what is wrong
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE))


def keep_from_others(path: Path) -> None:
    """Take the rights of others from a file or a folder that is ours; what all share stays so."""
    with suppress(OSError):
        found = path.stat()
        is_ours = found.st_uid == os.geteuid() and not found.st_mode & stat.S_ISVTX
        if is_ours and found.st_mode & _OTHERS:
            path.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)
