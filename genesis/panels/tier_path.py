"""The path of the tiers: four gates on a way through the hills, and the ceremony at each."""

from typing import Any

from genesis.panels.link import EngineFace, State
from genesis.panels.tier_view import ceremony_answer, path_view, tier_view


class TierPath(EngineFace):
    """Where the account stands on its way, what the next gate asks, and what a step down means."""

    scripts = (
        "theme.css",
        "kit.js",
        "asking.js",
        "head.js",
        "head.css",
        "tier_path.paint.js",
        "tier_ceremony.js",
        "tier_path.js",
        "tier_path.css",
    )
    asks = frozenset(
        {
            ("GET", "/tier/path"),
            ("POST", "/tier/ceremony"),
        }
    )
    again = frozenset({"/tier/ceremony"})

    def view(self, state: State) -> dict[str, Any]:
        return tier_view(state)

    def answered(self, path: str, status: int, body: Any) -> dict[str, Any]:
        if path == "/tier/ceremony":
            return {"view": ceremony_answer(status, body)}
        return {"view": path_view(body)} if path == "/tier/path" and status == 200 else {}
