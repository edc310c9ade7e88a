"""A bar on the page of a notebook comes late, counts, and leaves nothing."""

import pytest

from genesis.research import progress
from genesis.research.progress import PATIENCE_NS, PageBar


class Page:
    """IPython's display, written down."""

    def __init__(self) -> None:
        self.shown: list[dict[str, str]] = []

    def __call__(self, bundle, *, raw, display_id):
        assert raw and display_id
        self.update(bundle, raw=raw)
        return self

    def update(self, bundle, *, raw):
        assert raw
        self.shown.append(bundle)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    clock = [0]
    monkeypatch.setattr(progress, "elapsed_ns", lambda: clock[0])
    return clock


def test_quick_work_shows_nothing(now: list[int]):
    page = Page()
    bar = PageBar("sma_cross", page)
    now[0] = PATIENCE_NS - 1
    bar(9, 10)
    bar.close()
    assert page.shown == []


def test_long_work_is_told_now_and_then_and_leaves_nothing(now: list[int]):
    page = Page()
    bar = PageBar("a < b", page)
    for ms in range(0, 3000, 10):
        now[0] = ms * 1_000_000
        bar(ms, 3000)
    assert 5 < len(page.shown) < 15
    first = page.shown[0]
    assert first["text/plain"] == "a < b: 1,000 of 3,000"
    assert "a &lt; b" in first["text/html"]
    assert 'value="1000" max="3000"' in first["text/html"]
    bar.close()
    assert page.shown[-1] == {"text/html": "", "text/plain": ""}
