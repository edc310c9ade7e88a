"""Reports in a real browser without any network: nothing is asked for, everything is drawn."""

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from genesis.reports import days
from genesis.reports.nightly import Nightly
from genesis.reports.run import run
from tests.support.browser import Look, is_too_wide, shot
from tests.support.mailbox import a_hook
from tests.support.nights import DAYS as ALL_DAYS
from tests.support.nights import Listener, record_three_days
from tests.support.report_templates import FIGURE, TABLE, template

DAYS = ALL_DAYS[:2]
DAY = DAYS[1]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days, one night; a third day goes on."""
    home = tmp_path_factory.mktemp("offline") / "home"
    record_three_days(home)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(days, "today", lambda: datetime.date.fromisoformat(ALL_DAYS[2]))
        night = Nightly(home, Listener()).run()
    assert night.failed == []
    return home


@pytest.fixture
def opened(look: Look) -> Callable[..., Any]:
    def open_page(path: Path, **how: Any) -> Any:
        page = look(**how)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.context.set_offline(True)
        page.goto(path.as_uri())
        page.wait_for_function(
            "() => [...document.querySelectorAll('.figure')]"
            ".every(figure => figure.querySelector('.main-svg'))"
        )
        assert [url for url in asked if not url.startswith(("data:", "blob:"))] == [path.as_uri()]
        return page

    return open_page


@pytest.mark.parametrize("name", ["daily", "tier_evaluation"])
def test_a_report_needs_nothing_and_draws_every_figure(
    home: Path, opened: Callable[..., Any], screens: Path, name: str
) -> None:
    path = home / "reports" / DAY / f"{name}.html"
    assert path.stat().st_size < 8e6
    for width, dark in ((1280, False), (1280, True), (420, False)):
        page = opened(path, width=width, dark=dark)
        assert not is_too_wide(page)
        assert DAY in page.title()
        assert "Traceback" not in page.content()
        figures = page.locator(".figure")
        assert figures.count() > 0
        assert figures.filter(has=page.locator(".main-svg")).count() == figures.count()
        shot(page, screens, f"report-{name}-{width}{'-dark' if dark else ''}", whole=True)


def test_the_index_leads_to_every_report(
    home: Path, opened: Callable[..., Any], screens: Path
) -> None:
    for width, dark in ((1280, False), (420, True)):
        page = opened(home / "reports" / "index.html", width=width, dark=dark)
        assert not is_too_wide(page)
        shot(page, screens, f"report-index-{width}{'-dark' if dark else ''}", whole=True)
    links = page.locator("a").evaluate_all("all => all.map(a => a.href)")
    assert len(links) == 2 * len(DAYS)
    page.locator("a").first.click()
    page.wait_for_selector("h1")
    assert DAYS[-1] in page.title()


def test_a_page_that_tries_to_call_out_cannot(tmp_path: Path, chromium: Any) -> None:
    (tmp_path / "home").mkdir()
    with a_hook() as hook:
        out = f"http://127.0.0.1:{hook.port}/x.png"
        call = f"from IPython.display import HTML\nHTML('<img src=\"{out}\">')"
        folder = template(tmp_path, call)
        made = run("small", date=DAY, home=tmp_path / "home", template_folder=folder)
        page = chromium.new_page()
        refused: list[str] = []
        page.on("requestfailed", lambda request: refused.append(request.url))
        page.goto(made.as_uri())
        page.wait_for_load_state("networkidle")
        page.close()
    assert out in made.read_text()
    assert refused == [out]
    assert hook.asked == 0


def test_figures_say_what_they_are_and_long_tables_unfold_for_print(
    tmp_path: Path, opened: Callable[..., Any]
) -> None:
    (tmp_path / "home").mkdir()
    folder = template(tmp_path, FIGURE, TABLE)
    page = opened(run("small", date=DAY, home=tmp_path / "home", template_folder=folder))
    assert page.locator(".figure").get_attribute("aria-label") == "three points"
    assert page.locator("details").evaluate("each => each.open") is False
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details").evaluate("each => each.open") is True
