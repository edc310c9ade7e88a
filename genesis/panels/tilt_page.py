"""The tilt page: the score and what it is made of, and the blank page of an intervention."""

from typing import Any

from genesis.panels.garden_words import answer
from genesis.panels.link import EngineFace, State
from genesis.panels.page import PAGE, PAGE_AGAIN, PAGE_ASKS
from genesis.panels.tilt_view import Course, history_view, tilt_view

_RULES = ("levels", "interventions_ask", "override")
"""What the history tells of the rules."""


class TiltPage(EngineFace):
    """How calm the trader is, in ink; and when he is not, a page to write."""

    scripts = (
        "theme.css",
        *PAGE,
        "head.js",
        "head.css",
        "tilt_page.paint.js",
        "tilt_page.js",
        "tilt_page.css",
    )
    asks = PAGE_ASKS
    again = PAGE_AGAIN

    def __init__(self, home: Any = None, **traits: Any) -> None:
        super().__init__(home, **traits)
        self._course = Course()
        self._past: Any = None
        self._rules: State = {}

    def view(self, state: State) -> dict[str, Any]:
        past = state.get("tilt_history")
        if past is not self._past:
            self._course, self._past = Course(past or ()), past
        self._course.take(state)
        return {**tilt_view(state, self._rules), **self._course.parts()}

    def answered(self, path: str, status: int, body: Any) -> dict[str, Any]:
        """The history also tells what the scores before this page was opened were made of."""
        if path == "/commands" or path.startswith("/emergency/"):
            return {"words": answer(path, status, body)}
        if path != "/tilt/history" or status != 200:
            return {}
        self._course = Course(body.get("scores") or ())
        self._rules = {name: body.get(name) for name in _RULES}
        return {"view": history_view(body)}
