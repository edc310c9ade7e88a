"""The page's own count and checks say what the engine will say, for texts of any script."""

import json
from collections import Counter
from importlib.resources import files
from typing import Any

import numpy as np
import pytest

from genesis.domain.time import MILLISECOND
from genesis.panels.scripts import script
from genesis.rules import load
from genesis.tilt.journal import Delta, assess, tokens
from genesis.tilt.rules import JournalRules
from tests.support.browser import Look

OPENED = 1_723_075_200_000
PIECES = (
    "abc dé'’ fßİΣ ς Ab'c’d ",
    "漢字かなカナ々〆〇 ー゙が 한국어 ",
    "йцукен АБВ ёй ",
    "हिन्दी नमस्ते ไทย العربية עברית ",
    "１２ab①ﬁＡ𠀀𠀁 😀x́̂_-12. ",
    "\n\t 'o'clock’ ' — … ",
)
"""Letters, marks and signs of many scripts; all older than the newest Unicode of either side."""
WORDS = files("genesis.service.demo").joinpath("page.txt").read_text(encoding="utf-8").split()
HOW = ("typed", "typed", "typed", "typed", "composition", "dictation", "draft", "paste")
JUDGE = """cases => JSON.stringify(JSON.parse(cases).map(([text, deltas, opened, now]) => {
  const page = judgePage(text, deltas, opened, now);
  return [pageTokens(text), page.count, page.reason];
}))"""
"""In and out as one text: Playwright takes long over many small values."""
Case = tuple[str, list[dict[str, Any]], int, int]


def judged(page: Any, given: list[Case]) -> list[Any]:
    """Words, their count and the reason, of every case, by the page's script."""
    return list(json.loads(page.evaluate(JUDGE, json.dumps(given))))


@pytest.fixture
def page(look: Look) -> Any:
    made = look()
    made.add_script_tag(content=script("page_words.js"))
    return made


def scraps(draw: np.random.Generator) -> str:
    """Characters of several scripts in any order."""
    pieces = draw.choice(len(PIECES), size=draw.integers(1, 5))
    return "".join(
        "".join(draw.choice(list(PIECES[piece]), size=draw.integers(0, 20))) for piece in pieces
    )


def pages(draw: np.random.Generator) -> str:
    """About five hundred words: a page, its beginning over and over, or words at random."""
    count, known = int(draw.integers(480, 540)), int(draw.choice([5, 30, 120, 300, len(WORDS)]))
    if draw.random() < 0.5:
        return " ".join((WORDS[:known] * 200)[:count])
    return " ".join(draw.choice(WORDS[:known], size=count))


def evidence(draw: np.random.Generator, text: str, now: int) -> list[dict[str, Any]]:
    """How the text might have come in, mostly typed, now and then in one piece."""
    sizes: list[int] = []
    while sum(sizes) < len(text):
        odd = draw.random()
        size = 45 if odd < 0.001 else 17 if odd < 0.02 else int(draw.integers(1, 9))
        sizes.append(min(size, len(text) - sum(sizes)))
    span = (now - OPENED) * draw.choice([0.2, 0.6, 1.0, 1.1])
    steps = np.cumsum(draw.random(len(sizes)) + 0.01) if sizes else np.zeros(0)
    return [
        {
            "ts_ms": OPENED + int(span * step / steps[-1]),
            "inserted": size,
            "how": str(draw.choice(HOW)) if draw.random() < 0.3 else "typed",
        }
        for size, step in zip(sizes, steps, strict=True)
    ]


def cases(count: int) -> list[Case]:
    draw = np.random.default_rng(7)
    found: list[Case] = []
    for n in range(count):
        text = scraps(draw) if n % 2 else pages(draw)
        now = OPENED + int(draw.integers(300_000, 1_200_000))
        found.append((text, evidence(draw, text, now), OPENED, now))
    return found


def test_the_browser_judges_as_the_engine_does(page: Any) -> None:
    rules = load("sniper").tilt.journal
    given = cases(360)
    reasons: Counter[str] = Counter()
    for case, (words, count, reason) in zip(given, judged(page, given), strict=True):
        text, deltas, opened, now = case
        changes = [Delta(d["ts_ms"] * MILLISECOND, d["inserted"], d["how"]) for d in deltas]
        found = assess(text, changes, opened * MILLISECOND, now * MILLISECOND, rules)
        assert words == tokens(text), text
        assert (count, reason) == (found.word_count, found.reason), text
        reasons[reason] += 1
    met = {"accepted", "too_short", "paste", "too_fast", "idle", "repetitive", "repeated_phrases"}
    assert set(reasons) >= met, reasons  # every verdict was met


def test_the_numbers_assumed_are_the_packaged_ones(page: Any) -> None:
    told = page.evaluate("PAGE_RULES")
    rules = load("sniper").tilt.journal
    names = [name for name in JournalRules.__dataclass_fields__ if not name.endswith("_ns")]
    assert {name: told[name] for name in names} == {name: getattr(rules, name) for name in names}
    for name in ("typing_min", "pause"):
        assert told[f"{name}_ms"] * MILLISECOND == getattr(rules, f"{name}_ns")


@pytest.mark.parametrize("empty", ["", " \n ", "123 … !?"])
def test_a_page_without_words_is_no_fault(page: Any, empty: str) -> None:
    [[words, count, reason]] = judged(page, [(empty, [], OPENED, OPENED)])
    assert (words, count, reason) == ([], 0, "too_short")
