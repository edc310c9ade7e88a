"""The pages that are owed, in one sentence: how many, and what each of them is for."""

from collections.abc import Iterator
from typing import Any, Final

from genesis.domain.account import TierMode
from genesis.engine.engine import Engine

_FOR_TIER: Final = {
    TierMode.EMERGENCY: "for the way back from the emergency",
    TierMode.HALTED: "for the reset of the halt",
}


def pages_owed(engine: Engine) -> dict[str, Any]:
    """`owed`: how many pages; `later`: those of them that no open pause of tilt waits for."""
    owed = tuple(_owed(engine))
    asked = int(engine.state.tilt.state.words_required > 0)
    return {"owed": len(owed), "later": len(owed) - asked, "told": sentence(owed)}


def sentence(owed: tuple[str, ...]) -> str:
    """What is told of pages for these; empty where none is owed. One text serves one of them."""
    if len(owed) < 2:
        return "".join(f"1 page is owed, {what}" for what in owed)
    each = ", ".join(f"one {what}" for what in owed)
    return f"{len(owed)} pages are owed: {each}; each wants a text of its own"


def _owed(engine: Engine) -> Iterator[str]:
    """What each page is for, in the order in which they are paid."""
    tilt, tiers = engine.state.tilt, engine.state.tiers
    if tilt.state.words_required:
        yield f"for the pause of tilt ({tilt.state.level.value})"
    yield from ["for an override"] * tilt.override.pages_owed
    if tiers.pages_due:
        yield _FOR_TIER[tiers.asking]
