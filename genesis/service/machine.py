"""What this machine has left. What cannot be read is not known, and no fault."""

import shutil
from decimal import Decimal
from pathlib import Path
from typing import Final

_MEMINFO: Final = Path("/proc/meminfo")


def disk_free_bytes(folder: Path) -> int | None:
    """Bytes that may still be written where the folder is."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def memory_share(meminfo: Path = _MEMINFO) -> Decimal | None:
    """Share of the memory that is in use and could not be given back; known on Linux."""
    try:
        rows = [line.split() for line in meminfo.read_text(encoding="ascii").splitlines()]
        sizes = {row[0].rstrip(":"): Decimal(row[1]) for row in rows if len(row) > 1}
        return 1 - sizes["MemAvailable"] / sizes["MemTotal"]
    except (OSError, KeyError, ArithmeticError, ValueError):
        return None
