"""Words of a language as lists know them, and which language a page is written in.

The lists are data of the rules; without one for the writer's language nothing is said about it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from genesis.tilt.ways import ReadingRules

_STEM_MIN: Final = 3


@dataclass(frozen=True, slots=True)
class Language:
    """The words of one language.

    function: its commonest small words. emotions: words for what is felt. vocabulary: common words,
    without their forms; beginnings and endings make forms of them.
    """

    name: str
    function: frozenset[str]
    emotions: frozenset[str]
    vocabulary: frozenset[str]
    beginnings: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()

    def knows(self, word: str) -> bool:
        """Is it a word of the lists, or a form of one?"""
        return any(
            form in self.vocabulary or form in self.function or form in self.emotions
            for form in self._forms(word)
        )

    def is_emotion(self, word: str) -> bool:
        return any(form in self.emotions for form in _endless(_plain(word), self.endings))

    def is_function(self, word: str) -> bool:
        return word in self.function or _plain(word) in self.function

    def _forms(self, word: str) -> Iterator[str]:
        plain = _plain(word)
        yield from _endless(plain, self.endings)
        for beginning in self.beginnings:
            if plain.startswith(beginning) and len(plain) - len(beginning) >= _STEM_MIN:
                yield from _endless(plain[len(beginning) :], self.endings)


def language_of(
    words: Sequence[str], languages: Iterable[Language], rules: ReadingRules
) -> Language | None:
    """The language a page is written in; None where no list fits it.

    Its small words tell, or, where somebody left them out, most of the others.
    """
    found: list[tuple[float, Language]] = []
    for language in languages:
        small = share(words, language.is_function)
        known = share(words, language.knows)
        if small >= rules.language_function_share or known >= rules.language_vocabulary_share:
            found.append((small + known, language))
    return max(found, key=lambda one: one[0])[1] if found else None


def share(words: Sequence[str], holds: Callable[[str], bool]) -> float:
    """The share of words for which it holds; every word is looked at once."""
    known: dict[str, bool] = {}
    count = 0
    for word in words:
        if word not in known:
            known[word] = holds(word)
        count += known[word]
    return count / len(words) if words else 0.0


def _plain(word: str) -> str:
    """`didn't` is `did`, `that's` is `that`."""
    start, mark, rest = word.replace("’", "'").partition("'")
    return start[:-1] if mark and rest == "t" and start.endswith("n") else start


def _endless(word: str, endings: Iterable[str]) -> Iterator[str]:
    """The word, and what it may be a form of: `stopped` stop, `making` make, `worried` worry."""
    yield word
    for ending in endings:
        stem = word[: -len(ending)]
        if len(stem) < _STEM_MIN - 1 or not word.endswith(ending):
            continue
        yield stem
        yield stem + "e"
        if stem[-1] == "i":
            yield stem[:-1] + "y"
        if len(stem) > _STEM_MIN and stem[-1] == stem[-2]:
            yield stem[:-1]
