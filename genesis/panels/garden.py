"""The ZenGarden: the trader's live view, in which a calm account looks calm."""

from collections import deque
from typing import Any, ClassVar, Final

from genesis.panels.garden_view import Ridge, garden_view, point
from genesis.panels.garden_words import answer, note
from genesis.panels.link import EngineFace, Message, State
from genesis.panels.page import PAGE, PAGE_AGAIN, PAGE_ASKS

_DIARY: Final = 5


class ZenGarden(EngineFace):
    """Equity as a mountain, positions as stones in raked sand, tilt as lines that waver."""

    scripts = (
        "kit.js",
        "zen_garden.paint.js",
        "zen_garden.js",
        "theme.css",
        "zen_garden.css",
    )
    asks = PAGE_ASKS | {("POST", "/commands"), ("POST", "/emergency/halt")}
    again = PAGE_AGAIN
    modules: ClassVar = {"openPage": PAGE}

    def __init__(self, home: Any = None, **traits: Any) -> None:
        super().__init__(home, **traits)
        self._diary: deque[dict[str, Any]] = deque(maxlen=_DIARY)
        self._past: Any = None
        self._ridge = Ridge({})

    def view(self, state: State) -> dict[str, Any]:
        if state.get("history") is not self._past:
            self._past, self._ridge = state.get("history"), Ridge(state)
        self._ridge.take(state)
        return {
            **garden_view(state),
            "ridge": self._ridge.part,
            "point": point(state),
            "diary": list(self._diary),
        }

    def heard(self, message: Message) -> None:
        told = note(message)
        if told is not None:
            self._diary.appendleft(told)
            self._show()

    def greeted(self) -> None:
        """What came since the engine told of the past was sent point by point."""
        self._ridge.whole(self.state)

    def answered(self, path: str, status: int, body: Any) -> dict[str, Any]:
        return {"words": answer(path, status, body)}
