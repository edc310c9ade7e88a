from dataclasses import replace

import pytest

from genesis.domain.time import MINUTE, SECOND
from genesis.rules import load
from genesis.tilt.journal import (
    Assessment,
    Delta,
    assess,
    assess_override,
    tokens,
    vouched,
    word_count,
)
from tests.support.acts import Page

RULES = load("sniper").tilt.journal
TEXT = Page().text
OPENED = 1_000 * SECOND
TYPED = 9 * MINUTE


def typed(text: str, over_ns: int = TYPED, piece: int = 6) -> list[Delta]:
    """The text in small pieces, evenly over the time."""
    pieces = [text[i : i + piece] for i in range(0, len(text), piece)]
    step = over_ns // max(1, len(pieces))
    return [Delta(OPENED + (i + 1) * step, len(one)) for i, one in enumerate(pieces)]


def judge(text: str = TEXT, deltas: list[Delta] | None = None, over_ns: int = TYPED) -> Assessment:
    given = typed(text, over_ns) if deltas is None else deltas
    return assess(text, given, OPENED, OPENED + over_ns, RULES)


def test_a_typed_page_is_accepted() -> None:
    found = judge()
    assert (found.accepted, found.reason) == (True, "accepted")
    assert found.word_count >= 500


def test_four_hundred_and_ninety_nine_words_are_too_short() -> None:
    words = TEXT.split()
    assert judge(" ".join(words[:499])).reason == "too_short"
    assert judge(" ".join(words[:500])).accepted
    assert judge("").reason == "too_short"


def test_a_short_page_is_judged_in_all_else_and_takes_its_share_of_the_time() -> None:
    text = Page(120).text
    assert judge(text, over_ns=3 * MINUTE).reasons == ("too_short",)
    assert judge(text, over_ns=MINUTE).reasons == ("too_short", "too_fast")
    pasted = judge(text, [Delta(OPENED + SECOND, len(text))], 3 * MINUTE)
    assert pasted.reasons == ("too_short", "paste", "idle")
    assert judge("a " * 100, [Delta(OPENED + 5 * SECOND, 200)], 5 * SECOND).reasons == (
        *("too_short", "repetitive", "paste", "too_fast"),
    )
    for empty in ("", "1 2 3", " ' "):
        assert judge(empty).reasons == ("too_short",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I can't, I won't.", 4),
        ("naïve café über", 3),
        ("Я не спал сегодня", 4),
        ("मैं आज उदास हूँ", 4),
        ("أنا حزين اليوم", 3),
        ("今日は負けた", 3),
        ("我今天很难过", 3),
        ("我", 0),
        ("我 你", 1),
        ("heute 今日 ok", 3),
        ("100 200 300 -- ...", 0),
        ("'quoted' words", 2),
        ("ｆｕｌｌ ｗｉｄｔｈ", 2),
    ],
)
def test_words_count_in_any_script(text: str, words: int) -> None:
    assert word_count(tokens(text)) == words


def test_a_chinese_page_counts_by_its_characters() -> None:
    text = "".join(chr(0x4E00 + (i * 37) % 900) for i in range(1100))
    assert judge(text).accepted


def test_a_page_of_one_sentence_is_no_page() -> None:
    line = "I was angry and I bought again without a plan and lost more money today. "
    assert judge(line * 40).reason == "repetitive"


def test_one_word_too_often() -> None:
    words = [word if i % 6 else "loss" for i, word in enumerate(TEXT.split() * 2)]
    found = judge(" ".join(words[:600]), over_ns=10 * MINUTE)
    assert found.reason == "top_word"


def test_a_second_half_that_repeats_the_first() -> None:
    text = " ".join(TEXT.split()[:505])
    assert judge(f"{text} {text}", over_ns=20 * MINUTE).reason == "repeated_phrases"


def test_a_paste_is_no_typing() -> None:
    assert judge(deltas=[Delta(OPENED + TYPED, len(TEXT))]).reason == "paste"
    assert judge(deltas=[]).reason == "paste"
    many = typed(TEXT, piece=20)
    assert judge(deltas=many).reason == "paste"  # bursts make up more than a tenth
    rest = typed(TEXT[41:])
    assert judge(deltas=[Delta(OPENED, 41), *rest]).reason == "paste"
    assert judge(deltas=[Delta(OPENED, 40), *rest]).accepted


@pytest.mark.parametrize("how", ["composition", "dictation", "draft"])
def test_other_ways_of_writing_are_no_paste(how: str) -> None:
    pieces = [replace(one, how=how) for one in typed(TEXT, piece=60)]
    assert judge(deltas=pieces).accepted


def test_text_that_no_change_accounts_for_is_a_paste() -> None:
    some = [one for i, one in enumerate(typed(TEXT)) if i % 5]
    assert judge(deltas=some).reason == "paste"


def test_changes_outside_the_writing_do_not_count() -> None:
    early = [replace(one, ts_ns=one.ts_ns - 20 * MINUTE) for one in typed(TEXT)]
    assert judge(deltas=early).reason == "paste"


def test_eight_minutes_at_least_and_no_faster_than_fingers() -> None:
    assert judge(over_ns=8 * MINUTE).accepted
    assert judge(over_ns=8 * MINUTE - 1).reason == "too_fast"
    long = Page(900).text
    assert judge(long, over_ns=10 * MINUTE).reason == "too_fast"
    assert judge(long, over_ns=13 * MINUTE).accepted


def test_waiting_is_not_writing() -> None:
    quick = typed(TEXT, over_ns=2 * MINUTE)
    assert judge(deltas=quick, over_ns=30 * MINUTE).reason == "idle"
    half = len(quick) // 2
    rested = [*quick[:half], *(replace(d, ts_ns=d.ts_ns + 20 * MINUTE) for d in quick[half:])]
    assert judge(deltas=rested, over_ns=30 * MINUTE).reason == "idle"


def test_the_hash_is_of_the_words_not_of_their_spacing() -> None:
    assert judge().sha256 == judge("  " + TEXT.upper().replace(" ", "\n")).sha256
    assert judge().sha256 != judge(TEXT + " more").sha256


# -- drafts ----------------------------------------------------------------------------------
def draft_of(size: int, at_ns: int = OPENED) -> Delta:
    return Delta(at_ns, size, "draft")


def drafts(deltas: list[Delta], held: list[Delta]) -> list[int]:
    found = vouched(deltas, held, OPENED, RULES)
    assert [(one.ts_ns, one.how) for one in found] == [(one.ts_ns, one.how) for one in deltas]
    return [one.inserted for one in found if one.how == "draft"]


def test_a_draft_counts_as_far_as_somebody_wrote_it() -> None:
    assert drafts([draft_of(3000)], []) == [0]
    earlier = [replace(one, ts_ns=one.ts_ns - 20 * MINUTE) for one in typed("x" * 600)]
    assert drafts([draft_of(600)], earlier) == [600]
    assert drafts([draft_of(3000)], earlier) == [600]
    assert drafts([draft_of(400), draft_of(400)], earlier) == [400, 200]
    spoken = [replace(one, how="dictation") for one in earlier]
    assert drafts([draft_of(600)], spoken) == [600]


def test_what_is_still_told_as_typed_is_no_draft_besides() -> None:
    own = typed("x" * 600)
    assert drafts([*own, draft_of(600, OPENED + TYPED)], own) == [0]
    assert drafts([*own[:50], draft_of(600, OPENED + TYPED)], own) == [300]


def test_a_draft_goes_on_from_save_to_save_and_does_not_grow() -> None:
    held = [draft_of(600), *typed("x" * 300)]
    assert drafts([draft_of(600), *held[1:], Delta(OPENED + TYPED, 5)], held) == [600]
    assert drafts([draft_of(900), *held[1:]], held) == [600]
    assert drafts([draft_of(900)], held) == [900]


def test_what_came_in_at_once_is_no_evidence_for_a_draft() -> None:
    assert drafts([draft_of(3000)], [Delta(OPENED - MINUTE, 3000)]) == [0]
    assert drafts([draft_of(3000)], [Delta(OPENED - MINUTE, 3000, "paste")]) == [0]


# -- the page of an override -----------------------------------------------------------------
def test_an_override_counts_characters_and_scales_the_time() -> None:
    text = Page(120).text

    def judged(words: str, over_s: int, deltas: list[Delta] | None = None) -> str:
        given = typed(words, over_s * SECOND) if deltas is None else deltas
        now_ns = OPENED + over_s * SECOND
        return assess_override(words, given, OPENED, now_ns, RULES, 500).reason

    assert judged(text, 60) == "too_fast"  # 500 words take eight minutes, 120 two
    assert judged(text, 130) == "accepted"
    assert judged(text[:400], 130) == "too_short"
    assert judged(text, 130, [Delta(OPENED + SECOND, len(text))]) == "paste"


def test_without_deltas_text_and_time_of_an_override_are_judged() -> None:
    def judged(words: str, over_s: int = 130) -> str:
        return assess_override(words, None, OPENED, OPENED + over_s * SECOND, RULES, 500).reason

    assert judged(Page(120).text) == "accepted"
    assert judged(Page(120).text, 110) == "too_fast"
    assert judged("the same words again and again " * 30) == "repetitive"
    assert judged("12 34 " * 200) == "too_short"
