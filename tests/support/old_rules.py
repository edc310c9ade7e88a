"""The text of rules as runs recorded it before there were evaluations and overrides."""

import re

_LATER = ("tiers.course", "tiers.gates.SNIPER.ceremony", "tilt.fixed.", "tilt.override", "risk.cap")


def text_before_the_course(text: str) -> str:
    """The canonical text without the tables that came later."""
    tables = re.split(r"\n(?=\[)", text)
    return "\n".join(one for one in tables if not one.startswith(tuple(f"[{n}" for n in _LATER)))
