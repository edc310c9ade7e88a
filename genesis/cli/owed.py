"""Pages that are owed, as the command line tells them."""

from collections.abc import Mapping
from typing import Any, Final

_WHERE: Final = "written on the tilt page: `genesis dashboard tilt`"


def pages_lines(pages: Mapping[str, Any]) -> list[str]:
    """How many pages are owed, what each is for, and where they are written."""
    return [f"{pages['told']} ({_WHERE})"] if pages["told"] else []
