"""Numbers of interventions and of the reading of a page, as the rules files give them."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class InterventionRules:
    """What an intervention asks for beside its page.

    repeat_ns: a second WARNING within this time is LOCKED. confirm_ns: in CAUTION an entry is
    asked for twice, so far apart (None: once is enough); the second asking counts for
    confirm_valid_ns. known_symbol_ns: a symbol traded within this time is not new. session_ns: the
    quiet session in the paper lane that ends a lock. easing_multiplier: sizes for the rest of the
    day on which a lock was left. heeds_limits: a critical fall is CAUTION, and money added after a
    limit of the account was reached is evidence; False in rules from before one could say so.
    """

    repeat_ns: int
    confirm_ns: int | None
    confirm_valid_ns: int
    known_symbol_ns: int
    session_ns: int
    easing_multiplier: Decimal
    heeds_limits: bool = False


@dataclass(frozen=True, slots=True)
class ReadingRules:
    """How a page is read beside its form.

    words_min: shorter texts are measured by shares only. compression_*: of its first so many words,
    bounds of the compressed over the plain size; repetition is below, keys struck at random above.
    function_share_min, vocabulary_share_min: shares of words, where the language is known.
    language_function_share, language_vocabulary_share: either makes a language known.
    emotions_min: different words. shingle_words: how many words make a shingle; similarity_max:
    Jaccard index of shingles with each of the last `similarity_pages` pages and the prompt.
    amount_tolerance: how far a number may be off the day's result. retry_ns: between two tries.
    """

    words_min: int
    compression_words: int
    compression_min: float
    compression_max: float
    function_share_min: float
    vocabulary_share_min: float
    language_function_share: float
    language_vocabulary_share: float
    emotions_min: int
    shingle_words: int
    similarity_max: float
    similarity_pages: int
    amount_tolerance: float
    retry_ns: int
