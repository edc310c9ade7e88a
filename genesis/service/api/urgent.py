"""Requests that never wait: what asks for less risk, and what halts.

Whoever wants out is not told to come back in a second, whatever else his key has asked for. There
is no other pace for these either: one that a program has used up would keep its owner in.
"""

import json
from typing import Any, Final

from genesis.service.typed import asks_for_less

_COMMANDS: Final = "POST /commands"
_EMERGENCY: Final = "POST /emergency/"


def is_urgent(endpoint: str, body: bytes) -> bool:
    """Does this request ask for less risk? `endpoint`: method and path, as the document has it."""
    if endpoint.startswith(_EMERGENCY):
        return True
    return endpoint == _COMMANDS and _has_less_in(body)


def _has_less_in(body: bytes) -> bool:
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        return False  # its form is judged later
    if not isinstance(asked, dict):
        return False
    text, intent = asked.get("text"), asked.get("intent")
    if isinstance(text, str):
        return asks_for_less(text)
    return isinstance(intent, dict) and _reduces(intent)


def _reduces(intent: dict[str, Any]) -> bool:
    is_sale = str(intent.get("side")).lower() == "sell"
    return is_sale or intent.get("reduces") is True or intent.get("cancel") is not None
