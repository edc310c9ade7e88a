"""What a page says of its making, beside its form: is it language, is it new, is it about today?

Pure measures over the words of a page. What they are held against comes from outside, as word
lists, hashes of earlier pages and the names and results of the day; no text of another page does.
"""

import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2b
from typing import Final
from unicodedata import normalize

from genesis.tilt.ways import ReadingRules
from genesis.tilt.words import Language, language_of, share

REPEATS: Final = "repeats"
RANDOM_KEYS: Final = "random_keys"
NO_PROSE: Final = "no_prose"
UNKNOWN_WORDS: Final = "unknown_words"
SIMILAR: Final = "similar"
NO_FEELING: Final = "no_feeling"
NOT_TODAY: Final = "not_today"
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)?")
_ALPHABET: Final = 256


@dataclass(frozen=True, slots=True)
class Around:
    """What a page is held against.

    earlier: shingles of the last pages. prompt: what asked for the page. names: words for today's
    symbols; amounts: today's results in USDT; both empty: nothing happened that could be named.
    """

    languages: tuple[Language, ...] = ()
    earlier: tuple[frozenset[int], ...] = ()
    prompt: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()
    amounts: tuple[Decimal, ...] = ()


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads a page: by which rules, and what it is held against."""

    rules: ReadingRules
    around: Around

    def faults(self, text: str, words: Sequence[str], *, is_page: bool = True) -> tuple[str, ...]:
        """Everything that speaks against the words, in the order in which it is told.

        is_page: the page of an intervention says what it is about, too; that of an override need
        not.
        """
        rules, around = self.rules, self.around
        language = language_of(words, around.languages, rules)
        found = [_compression(words, rules), _language(words, language, rules)]
        found.append(_similar(words, rules, around))
        if is_page:
            found += [_feeling(words, language, rules), _today(text, words, rules, around)]
        return tuple(fault for fault in found if fault is not None)

    def trace(self, words: Sequence[str]) -> frozenset[int]:
        """What is kept of a page to know it again."""
        return shingles(words, self.rules.shingle_words)


def shingles(words: Sequence[str], size: int) -> frozenset[int]:
    """Hashes (64 bit, BLAKE2b) of every run of `size` words: enough to see a page again."""
    runs = (" ".join(words[i : i + size]) for i in range(len(words) - size + 1))
    return frozenset(
        int.from_bytes(blake2b(run.encode("utf-8", "surrogatepass"), digest_size=8).digest())
        for run in runs
    )


def similarity(one: frozenset[int], other: frozenset[int]) -> float:
    """Jaccard index: what both have over what either has."""
    either = len(one | other)
    return len(one & other) / either if either else 0.0


def compression(words: Sequence[str]) -> float | None:
    """Compressed over plain size (zlib, level 9) of the words, each character as one byte.

    Characters are numbered as they come, so that every alphabet weighs the same. None where there
    are too many: the script is no alphabet.
    """
    text = " ".join(words)
    numbers = {char: n for n, char in enumerate(dict.fromkeys(text))}
    if not text or len(numbers) > _ALPHABET:
        return None
    plain = bytes(numbers[char] for char in text)
    return len(zlib.compress(plain, 9)) / len(plain)


# -- checks ------------------------------------------------------------------------------------
def _compression(words: Sequence[str], rules: ReadingRules) -> str | None:
    if len(words) < rules.words_min:
        return None
    ratio = compression(words[: rules.compression_words])
    if ratio is None or rules.compression_min <= ratio <= rules.compression_max:
        return None
    return REPEATS if ratio < rules.compression_min else RANDOM_KEYS


def _language(words: Sequence[str], language: Language | None, rules: ReadingRules) -> str | None:
    if language is None:
        return None
    if share(words, language.is_function) < rules.function_share_min:
        return NO_PROSE
    is_known = share(words, language.knows) >= rules.vocabulary_share_min
    return None if is_known else UNKNOWN_WORDS


def _similar(words: Sequence[str], rules: ReadingRules, around: Around) -> str | None:
    own = shingles(words, rules.shingle_words)
    others = [*around.earlier, shingles(around.prompt, rules.shingle_words)]
    return SIMILAR if any(similarity(own, one) > rules.similarity_max for one in others) else None


def _feeling(words: Iterable[str], language: Language | None, rules: ReadingRules) -> str | None:
    if language is None:
        return None
    felt = {word for word in words if language.is_emotion(word)}
    return NO_FEELING if len(felt) < rules.emotions_min else None


def _today(text: str, words: Iterable[str], rules: ReadingRules, around: Around) -> str | None:
    if not around.names and not around.amounts:
        return None
    if around.names.intersection(words) or _names_amount(text, rules, around.amounts):
        return None
    return NOT_TODAY


def _names_amount(text: str, rules: ReadingRules, amounts: Iterable[Decimal]) -> bool:
    """Is a number in the text one of the day's results, as near as people write it?"""
    told = [Decimal(n.replace(",", ".")) for n in _NUMBER.findall(normalize("NFKC", text))]
    tolerance = Decimal(repr(rules.amount_tolerance))
    return any(
        abs(number - abs(amount)) <= tolerance * abs(amount)
        for amount in amounts
        if amount
        for number in told
    )
