"""Files that are kept under another name: numbered, and never one over another."""

import os
import re
from itertools import count
from pathlib import Path
from typing import Final

SET_ASIDE: Final = "set-aside"


def free_name(path: Path, why: str = SET_ASIDE) -> Path:
    """The first of `NAME.why-1`, `NAME.why-2`... that nothing has."""
    names = (path.with_name(f"{path.name}.{why}-{number}") for number in count(1))
    return next(name for name in names if not os.path.lexists(name))


def all_set_aside(path: Path, why: str = SET_ASIDE) -> list[Path]:
    """Every file kept of `path`, by name."""
    named = re.compile(re.escape(f"{path.name}.{why}-") + r"\d+")
    return sorted(each for each in path.parent.iterdir() if named.fullmatch(each.name))
