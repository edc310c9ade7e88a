"""The page of an intervention, as any face may open it: its scripts, and what they ask for."""

from typing import Final

PAGE: Final = (
    "kit.js",
    "asking.js",
    "page_words.js",
    "page_draft.js",
    "page_way_out.js",
    "page_acts.js",
    "page.js",
    "page.css",
)
"""Files of `static/`; they end in `openPage`."""
PAGE_ASKS: Final = frozenset(
    {
        ("POST", "/commands"),
        ("POST", "/emergency/close-all"),
        ("POST", "/emergency/halt"),
        ("GET", "/journal/draft"),
        ("PUT", "/journal/draft"),
        ("POST", "/journal"),
        ("POST", "/tilt/override"),
        ("GET", "/tilt/history"),
    }
)
"""What the page's browser side asks of the control API."""
PAGE_AGAIN: Final = frozenset({"/journal", "/tilt/override"})
"""Paths whose requests carry a reference and may be sent again with the same body."""
