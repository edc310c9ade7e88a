"""The report templates and figures: every day of a home can be shown, the same each time."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.io as pio
import pytest

from genesis.errors import UsageError
from genesis.research import TradingDay, days_of, plots, style
from genesis.research import day_words as words
from genesis.research.style import Card, Shown, cards, note, table

ROOT = Path(__file__).resolve().parents[3]
TEMPLATES = sorted((ROOT / "notebooks" / "reports").glob("*.ipynb"))
FIGURES = (
    plots.day_equity_figure,
    plots.day_trades_figure,
    plots.day_tilt_figure,
    plots.day_headroom_figure,
    plots.month_figure,
)


@pytest.fixture(autouse=True)
def _renderer() -> Any:
    before = pio.renderers.default
    yield
    pio.renderers.default = before


def played(template: Path, date: str, home: Path) -> list[Any]:
    """The last value of every code cell, as a kernel would show it."""
    shown, names = [], {}
    for cell in json.loads(template.read_text())["cells"]:
        if cell["cell_type"] != "code":
            continue
        source = "".join(cell["source"])
        if "parameters" in cell["metadata"].get("tags", []):
            names |= {"date": date, "home": str(home)}
            continue
        *before, last = source.strip().splitlines()
        exec("\n".join(before), names)
        shown.append(eval(last, names))
    return shown


def as_text(shown: Any) -> str:
    return shown.plain if isinstance(shown, Shown) else shown.to_json()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_shows_every_day_of_a_home(template: Path, days_home: Path) -> None:
    for date in days_of(days_home):
        shown = played(template, str(date), days_home)
        assert str(shown[0]).startswith(f"{date} · paper account on loopback\nCoverage: ")
        assert "Log head: row" in str(shown[0])
    again = played(template, str(date), days_home)
    assert list(map(as_text, shown)) == list(map(as_text, again))


def test_there_are_both_templates() -> None:
    assert [path.stem for path in TEMPLATES] == ["daily", "tier_evaluation"]


def test_a_template_of_a_day_without_data_says_so(days_home: Path) -> None:
    with pytest.raises(UsageError, match="2023-01-01 has no data"):
        played(TEMPLATES[0], "2023-01-01", days_home)


def test_figures_carry_no_clock_and_no_identity(days_home: Path) -> None:
    date = days_of(days_home)[1]
    one, other = (TradingDay.of(date, days_home) for _ in range(2))
    for figure in FIGURES:
        first, second = figure(one).to_json(), figure(other).to_json()
        assert first == second and "uid" not in first


def test_figures_are_in_the_house_style(days_home: Path) -> None:
    day = TradingDay.of(days_of(days_home)[1], days_home)
    for figure in FIGURES:
        made = figure(day)
        assert made.layout.template.layout.font.family == style.SERIF
        assert made.layout.template.layout.paper_bgcolor == style.CLEAR
        assert made.layout.title.text


def test_the_tilt_figure_ends_where_the_scores_end(days_home: Path) -> None:
    day = TradingDay.of(days_of(days_home)[1], days_home)
    score = next(trace for trace in plots.day_tilt_figure(day).data if trace.name == "score")
    assert max(score.y) == day.tilt.highest[0]


def test_the_text_of_a_page_is_nowhere(days_home: Path) -> None:
    day = TradingDay.of(days_of(days_home)[1], days_home)
    told = words.interventions_table(day)
    assert "547 words: accepted" in told.plain
    assert "bbbb" not in told.html  # nor its hash


def test_the_overview_has_one_card_a_question(days_home: Path) -> None:
    day = TradingDay.of(days_of(days_home)[1], days_home)
    plain = day.overview.plain
    for name in ("result of the day", "trades closed", "deepest fall", "nearest loss limit",
                 "tilt, highest", "refused", "overnight", "seven days"):  # fmt: skip
        assert name in plain
    bundle = day._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}


# -- style -----------------------------------------------------------------------------------
def test_a_table_escapes_what_it_shows() -> None:
    made = table(pd.DataFrame({"a<b": ["<script>", "x & y"]}), caption="<i>")
    assert "<script>" not in made.html and "&lt;script&gt;" in made.html
    assert "a&lt;b" in made.html and "&lt;i&gt;" in made.html
    assert "x & y" in made.plain


def test_a_table_without_rows_is_a_sentence() -> None:
    made = table(pd.DataFrame({"a": []}), empty="Nothing happened.")
    assert made.plain == "Nothing happened." and "<table" not in made.html


def test_amounts_are_told_apart_by_more_than_colour() -> None:
    made = table(pd.DataFrame({"x": [1.5, -1.5]}), formats={"x": style.signed})
    assert 'class="n up">+1.50' in made.html and 'class="n down">−1.50' in made.html


def test_notes_and_cards() -> None:
    assert note("one\ntwo").html.endswith("one<br>two</p>")
    made = cards([Card("name", "value", "words", "up")])
    assert 'class="gn-card up"' in made.html and made.plain == "name  value  words"


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.234, "+1.23"), (-1.2, "−1.20"), (0.001, "0.00"), (-0.004, "0.00"), (float("nan"), "–")],
)
def test_signed_amounts(value: float, text: str) -> None:
    assert style.signed(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (61, "1 min 1 s"), (3_599, "59 min"), (7_200, "2 h"),
     (8_100, "2 h 15 min"), (71.5 * 3_600, "71 h 30 min"), (72 * 3_600, "3 days"),
     (float("nan"), "–")],
)  # fmt: skip
def test_spans_of_time(seconds: float, text: str) -> None:
    assert style.span(seconds) == text


def test_words_can_be_read_on_paper() -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    def contrast(one: str, other: str) -> float:
        high, low = sorted((luminance(one), luminance(other)), reverse=True)
        return (high + 0.05) / (low + 0.05)

    assert contrast(style.INK, style.PAPER) >= 4.5
    assert contrast(style.WORDS, style.PAPER) >= 4.5
    assert contrast("#4d6a4a", style.PAPER) >= 4.5 <= contrast("#8f5539", style.PAPER)
    assert contrast(style.DARK["ink"], style.DARK["paper"]) >= 4.5
