"""Is a page written, or faked? Pure measures of the text and of how it came to be.

The text stays with the caller: an assessment holds a count and a hash. Copying a real essay by
hand passes; it takes the time it takes, which is the point.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import pairwise
from typing import Final
from unicodedata import category, normalize

from genesis.domain.time import SECOND
from genesis.tilt.reading import Reader
from genesis.tilt.rules import JournalRules

_APOSTROPHES: Final = "'’"
_TWO_CHARACTER_SCRIPTS: Final = (
    (0x3005, 0x3007),
    (0x3040, 0x30FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x3134F),
)
"""Chinese and Japanese: there two characters count as a word."""
DRAFT: Final = "draft"
NOT_PASTE: Final = frozenset({"composition", "dictation", DRAFT})


@dataclass(frozen=True, slots=True)
class Delta:
    """One change of the page: when (venue time), and how many characters came in.

    how: `typed`, or `composition` (input method), `dictation`, `draft` (our own draft restored):
    these come in larger pieces and are no paste.
    """

    ts_ns: int
    inserted: int
    how: str = "typed"


@dataclass(frozen=True, slots=True)
class Assessment:
    """reason: `accepted`, or why not: too_short, paste, too_fast, idle, repetitive, top_word,
    repeated_phrases, or a fault its reader found. sha256: of the words alone, so that spacing
    makes no new page. reasons: all that speak against it, the one that is told first."""

    accepted: bool
    reason: str
    word_count: int
    sha256: str
    reasons: tuple[str, ...] = ()


def assess(
    text: str,
    deltas: Sequence[Delta],
    opened_ns: int,
    now_ns: int,
    rules: JournalRules,
    reader: Reader | None = None,
) -> Assessment:
    """Judge a page opened at `opened_ns` and handed in at `now_ns`, both venue time.

    A short one is judged in all else, too: it may be long enough for something that asks for less.
    reader: who reads the words; None: nobody does, and form and time alone are judged.
    """
    words = tokens(text)
    count = word_count(words)
    found: list[str | None] = ["too_short" if count < rules.words_min else None]
    if not words:
        return _judged(words, count, found)
    seen = [delta for delta in deltas if opened_ns <= delta.ts_ns <= now_ns]
    found += [_monotony(words, rules), _paste(text, seen, rules)]
    found += () if reader is None else reader.faults(text, words)
    found.append(_haste(count, seen, opened_ns, now_ns, _in_proportion(count, rules)))
    return _judged(words, count, found)


def _judged(words: Sequence[str], count: int, found: Sequence[str | None]) -> Assessment:
    digest = sha256(" ".join(words).encode()).hexdigest()
    reasons = tuple(fault for fault in found if fault is not None)
    return Assessment(not reasons, reasons[0] if reasons else "accepted", count, digest, reasons)


def assess_override(
    text: str,
    deltas: Sequence[Delta] | None,
    opened_ns: int,
    now_ns: int,
    rules: JournalRules,
    characters_min: int,
    reader: Reader | None = None,
) -> Assessment:
    """Judge the page of an override: counted in characters, its time in proportion to a page's.

    deltas None: nobody watched it come to be (a script's call); then the text and the time since
    `opened_ns` are judged.
    """
    words = tokens(text)
    count = word_count(words)
    if len(text.strip()) < characters_min or not words:
        return _judged(words, count, ["too_short"])
    relaxed = _in_proportion(count, rules)
    found = [_monotony(words, rules)]
    if deltas is not None:
        seen = [delta for delta in deltas if opened_ns <= delta.ts_ns <= now_ns]
        found.append(_paste(text, seen, relaxed))
    found += () if reader is None else reader.faults(text, words, is_page=False)
    if deltas is None:
        found.append(_hurry(count, opened_ns, now_ns, relaxed))
    else:
        found.append(_haste(count, seen, opened_ns, now_ns, relaxed))
    return _judged(words, count, found)


def vouched(
    deltas: Sequence[Delta], held: Sequence[Delta], opened_ns: int, rules: JournalRules
) -> list[Delta]:
    """The changes, with no more of them called `draft` than the draft we hold can stand for.

    held: the changes of that draft, vouched for themselves when it was saved. What was written
    there and is still told among `deltas` counts once; the rest may come back as a draft.
    """
    until_ns = max((delta.ts_ns for delta in held), default=0)
    still = [delta for delta in deltas if opened_ns <= delta.ts_ns <= until_ns]
    left = sum(delta.inserted for delta in held if delta.how == DRAFT)
    left += max(0, _written(held, rules) - _written(still, rules))
    found = []
    for delta in deltas:
        if delta.how == DRAFT:
            delta = replace(delta, inserted=min(delta.inserted, left))
            left -= delta.inserted
        found.append(delta)
    return found


# -- words -----------------------------------------------------------------------------------
def tokens(text: str) -> list[str]:
    """Words of any script, lower case; Chinese and Japanese in pieces of two characters."""
    return list(_tokens(normalize("NFKC", text).lower()))


def word_count(words: Sequence[str]) -> int:
    """A lone Chinese or Japanese character is half a word."""
    single = sum(len(word) == 1 and _in_pairs(word) for word in words)
    return len(words) - single + single // 2


def _tokens(text: str) -> Iterator[str]:
    run = ""
    for char in text + " ":
        if run and _in_pairs(char) != _in_pairs(run[-1]) and not _is_mark(char):
            yield from _split(run)
            run = ""
        if _is_letter(char) or (run and (_is_mark(char) or char in _APOSTROPHES)):
            run += char
        elif run:
            yield from _split(run)
            run = ""


def _split(run: str) -> Iterator[str]:
    if _in_pairs(run[0]):
        yield from (run[i : i + 2] for i in range(0, len(run), 2))
    else:
        yield run.rstrip(_APOSTROPHES)


def _is_letter(char: str) -> bool:
    return category(char)[0] == "L" or _in_pairs(char)


def _is_mark(char: str) -> bool:
    return category(char)[0] == "M"


def _in_pairs(char: str) -> bool:
    return any(low <= ord(char) <= high for low, high in _TWO_CHARACTER_SCRIPTS)


# -- checks ----------------------------------------------------------------------------------
def _monotony(words: Sequence[str], rules: JournalRules) -> str | None:
    first = words[: rules.ratio_words]
    if len(set(first)) < rules.ratio_min * len(first):
        return "repetitive"
    if max(Counter(words).values()) > rules.top_word_share_max * len(words):
        return "top_word"
    trigrams = Counter(zip(words, words[1:], words[2:], strict=False))
    repeated = sum(times - 1 for times in trigrams.values())
    return "repeated_phrases" if repeated > rules.repeated_trigrams_max * len(trigrams) else None


def _paste(text: str, deltas: Sequence[Delta], rules: JournalRules) -> str | None:
    sizes = [delta.inserted for delta in deltas if delta.how not in NOT_PASTE]
    spared = sum(delta.inserted for delta in deltas if delta.how in NOT_PASTE)
    bursts = sum(size for size in sizes if size > rules.burst_chars)
    unseen = len(text) - sum(sizes) - spared
    is_paste = (
        max(sizes, default=0) > rules.paste_chars_max
        or bursts > rules.burst_share_max * len(text)
        or unseen > rules.unseen_share_max * len(text)
    )
    return "paste" if is_paste else None


def _in_proportion(count: int, rules: JournalRules) -> JournalRules:
    """A page with fewer words takes less time."""
    share_ns = rules.typing_min_ns * min(count, rules.words_min) // rules.words_min
    return replace(rules, typing_min_ns=share_ns)


def _haste(
    count: int, deltas: Sequence[Delta], opened_ns: int, now_ns: int, rules: JournalRules
) -> str | None:
    if hurry := _hurry(count, opened_ns, now_ns, rules):
        return hurry
    stamps = sorted(delta.ts_ns for delta in deltas)
    gaps = (after - before for before, after in pairwise([opened_ns, *stamps]))
    active_ns = sum(gap for gap in gaps if gap <= rules.pause_ns)
    needed_ns = _needed_ns(count, rules)
    return "idle" if active_ns < rules.active_share_min * needed_ns else None


def _hurry(count: int, opened_ns: int, now_ns: int, rules: JournalRules) -> str | None:
    return "too_fast" if now_ns - opened_ns < _needed_ns(count, rules) else None


def _needed_ns(count: int, rules: JournalRules) -> int:
    return max(rules.typing_min_ns, int(count / rules.words_per_s_max * SECOND))


def _written(deltas: Sequence[Delta], rules: JournalRules) -> int:
    """Characters that somebody wrote; what came in at once was not typed."""
    return sum(
        delta.inserted
        for delta in deltas
        if delta.how in ("composition", "dictation")
        or (delta.how == "typed" and delta.inserted <= rules.paste_chars_max)
    )
