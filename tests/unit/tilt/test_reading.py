"""What a page says of its making: language, novelty, today; in any script, and never unkindly."""

from dataclasses import replace
from decimal import Decimal
from importlib.resources import files
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.domain.time import MINUTE
from genesis.errors import ConfigError
from genesis.rules import load
from genesis.rules.words import coins, language, languages
from genesis.tilt.journal import Delta, assess, tokens
from genesis.tilt.reading import (
    NO_FEELING,
    NO_PROSE,
    NOT_TODAY,
    RANDOM_KEYS,
    REPEATS,
    SIMILAR,
    UNKNOWN_WORDS,
    Around,
    Reader,
    compression,
    shingles,
    similarity,
)
from genesis.tilt.words import language_of, share

TILT = load("sniper").tilt
RULES = TILT.reading
assert RULES is not None
AROUND = Around(languages=languages())
DIARY = files("genesis.service.demo").joinpath("page.txt").read_text(encoding="utf-8")
GERMAN = (
    "Heute morgen war ich noch ganz ruhig. Ich hatte meinen Plan aufgeschrieben und wollte nur "
    "einen einzigen Handel machen. Dann fiel der Kurs von Bitcoin plötzlich, und ich habe gekauft, "
    "weil ich Angst hatte, die Bewegung zu verpassen. Der Verlust war klein, aber ich wurde wütend "
    "auf mich selbst. Statt aufzuhören, kaufte ich sofort wieder, diesmal doppelt so viel. Jetzt "
    "sitze ich hier und schäme mich ein wenig."
)
RUSSIAN = (
    "Сегодня утром я открыл терминал и сразу почувствовал, что день будет тяжёлым. Цена росла, и я "
    "боялся упустить движение, поэтому купил без плана. Через минуту позиция закрылась по стопу."
)
EN, DE = (next(one for one in languages() if one.name == name) for name in ("English", "German"))


def faults(text: str, around: Around = AROUND, *, is_page: bool = True) -> tuple[str, ...]:
    assert RULES is not None
    return Reader(RULES, around).faults(text, tokens(text), is_page=is_page)


def test_a_diary_passes_every_check() -> None:
    today = replace(AROUND, names=frozenset({"btc", "bitcoin"}), amounts=(Decimal("-1.20"),))
    assert faults(DIARY, today) == ()


# -- language ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "name"), [(DIARY, "English"), (GERMAN, "German"), (RUSSIAN, None), ("", None)]
)
def test_the_language_is_known_by_its_small_words(text: str, name: str | None) -> None:
    found = language_of(tokens(text), languages(), RULES)
    assert (None if found is None else found.name) == name


def test_a_german_diary_passes_and_other_languages_are_not_judged_by_foreign_lists() -> None:
    assert faults(GERMAN) == ()
    assert faults(RUSSIAN) == ()
    assert faults("今日は負けた。とても悔しい。" * 30, is_page=False) == ()


def test_words_of_a_list_without_sentences_are_no_prose() -> None:
    draw = Random(3)
    words = sorted(EN.vocabulary - EN.function)
    text = " ".join(draw.choice(words) for _ in range(600))
    assert NO_PROSE in faults(text)


def test_keys_struck_at_random_are_no_words() -> None:
    draw = Random(4)
    letters = "asdfghjklqwertyuiopzxcvbnm"
    mash = " ".join("".join(draw.choices(letters, k=draw.randint(3, 8))) for _ in range(600))
    assert faults(mash) == (RANDOM_KEYS,)


def test_mash_between_small_words_is_unknown() -> None:
    draw = Random(5)
    mash = ("".join(draw.choices("asdfghjklqwertyuiop", k=6)) for _ in range(300))
    small = sorted(EN.function)
    text = " ".join(f"{draw.choice(small)} {one} {next(mash)}" for one in mash)
    assert UNKNOWN_WORDS in faults(text)


def test_a_few_sentences_in_a_circle_repeat() -> None:
    lines = "I was angry and bought again. Then I lost it all. My plan was fine. I felt bad. "
    assert faults(lines * 40)[0] == REPEATS


def test_every_alphabet_weighs_the_same() -> None:
    """The same page in letters of two bytes is as long, and as even, as in letters of one."""
    cyrillic = "".join(chr(0x430 + ord(c) - 97) if "a" <= c <= "z" else c for c in DIARY.lower())
    latin, other = (compression(tokens(text)) for text in (DIARY, cyrillic))
    assert latin is not None and other is not None
    assert abs(latin - other) < 0.01
    assert compression([chr(0x4E00 + n) for n in range(400)]) is None


@pytest.mark.parametrize(
    ("word", "known"),
    [
        *((word, True) for word in ("stopped", "making", "worried", "didn't", "trades", "unfair")),
        *((word, False) for word in ("qwfpgj", "zzz", "xqjk")),
    ],
)
def test_forms_of_known_words_are_known(word: str, known: bool) -> None:
    assert EN.knows(word) is known


@pytest.mark.parametrize("word", ["gekauft", "verloren", "wütend", "geklickt", "verkaufte"])
def test_german_forms(word: str) -> None:
    assert DE.knows(word)


def test_lists_are_large_enough_and_disjoint_where_they_must_be() -> None:
    for one in languages():
        assert len(one.function) >= 60
        assert len(one.emotions) >= 90
        assert len(one.vocabulary) >= 700
    assert share(tokens(DIARY), DE.is_function) < RULES.language_function_share  # type: ignore[union-attr]
    assert coins()["BTC"] == ("bitcoin",)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("language = 3", "language: Input should be a valid string"),
        ("[", "it is not valid TOML"),
        ('language = "x"', "function: Field required"),
    ],
)
def test_a_list_that_cannot_be_used_names_its_file(text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=r"word list xx\.toml") as told:
        language("xx.toml", text)
    assert why in str(told.value)


# -- novelty -----------------------------------------------------------------------------------
def test_a_page_that_was_handed_in_before_is_seen_by_its_hashes() -> None:
    assert RULES is not None
    earlier = shingles(tokens(DIARY), RULES.shingle_words)
    again = DIARY.replace("bitcoin", "ether").replace("loss", "win")
    assert SIMILAR in faults(again, replace(AROUND, earlier=(earlier,)))
    assert SIMILAR not in faults(GERMAN, replace(AROUND, earlier=(earlier,)))
    assert SIMILAR in faults(DIARY, replace(AROUND, prompt=tuple(tokens(DIARY))))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from("abcdefgh"), max_size=60), st.integers(0, 60))
def test_similarity_is_a_share_that_is_whole_for_equals_only(words: list[str], cut: int) -> None:
    one, other = shingles(words, 5), shingles(words[cut:], 5)
    assert 0 <= similarity(one, other) <= 1
    assert similarity(one, other) == similarity(other, one)
    assert (similarity(one, other) == 1) == (one == other and bool(one))


# -- today -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("told", "is_named"),
    [
        ("I bought BTC", True),
        ("I bought bitcoin", True),
        ("it cost me 12.30 in all", True),
        ("it cost me 12,3 in all", True),
        ("about 12", True),  # as near as people write it
        ("it cost me 14", False),
        ("I traded", False),
    ],
)
def test_a_page_names_what_was_traded_or_what_it_cost(told: str, is_named: bool) -> None:
    around = Around(names=frozenset({"btc", "bitcoin"}), amounts=(Decimal("-12.31"),))
    assert (NOT_TODAY not in faults(told, around)) is is_named
    assert faults(told, around, is_page=False) == ()


def test_a_day_on_which_nothing_happened_need_not_be_named() -> None:
    assert NOT_TODAY not in faults("I traded", Around())


def test_two_different_feelings_are_asked_for_in_a_known_language_only() -> None:
    calm = "I was there and it was what it was and then I did what I do when it is like that. "
    assert NO_FEELING in faults(calm)
    assert NO_FEELING in faults(calm + "I was angry, angry and angry.")
    assert NO_FEELING not in faults(calm + "I was angry and afraid.")
    assert NO_FEELING not in faults(RUSSIAN)


# -- the verdict -------------------------------------------------------------------------------
def test_the_verdict_names_everything_that_speaks_against_a_page() -> None:
    assert RULES is not None
    reader = Reader(RULES, replace(AROUND, names=frozenset({"eth"})))
    at_once = [Delta(MINUTE, len(DIARY))]
    found = assess(DIARY, at_once, 0, 2 * MINUTE, TILT.journal, reader)
    assert found.reasons == ("paste", NOT_TODAY, "too_fast")
    assert (found.accepted, found.reason) == (False, "paste")


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=400))
def test_no_text_of_any_script_is_a_fault_of_ours(text: str) -> None:
    reader = Reader(RULES, replace(AROUND, names=frozenset({"btc"}), amounts=(Decimal(3),)))  # type: ignore[arg-type]
    assess(text, [], 0, MINUTE, TILT.journal, reader)
    faults(text)
