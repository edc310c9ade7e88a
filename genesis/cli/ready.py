"""What is said of an engine once it is ready."""

from collections.abc import Mapping
from typing import Any


def control_line(facts: Mapping[str, Any]) -> str:
    """Where its control API listens; a line more where the account is halted."""
    line = f"control API: {facts['url']} (ready)"
    halted = facts.get("halted")
    if not halted:
        return line
    way = "`genesis tier status` tells the way out"
    return f"{line}\nhalted ({halted}): positions may be reduced, nothing else; {way}"
