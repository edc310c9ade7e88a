"""Who reads a page: word lists, earlier pages by their hashes, and what happened today."""

import re
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final, Protocol

from genesis.domain.time import DAY, utc_day
from genesis.engine.engine import Engine
from genesis.rules.words import coins, languages
from genesis.service.readings import Readings
from genesis.tilt.journal import tokens
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
)

ACCEPTED: Final = "accepted"
TOO_SOON: Final = "too_soon"
REUSED: Final = "reused"
NOT_REQUIRED: Final = "not_required"
PAGE_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        ACCEPTED: "the page is accepted",
        "too_short": "the page is not long enough yet; nothing of it is lost",
        "repetitive": "the same words come back too often",
        "top_word": "one word makes up too much of the page",
        "repeated_phrases": "whole phrases repeat",
        REPEATS: "the page repeats itself",
        RANDOM_KEYS: "these are keys rather than words",
        NO_PROSE: "whole sentences are asked for, not a list of words",
        UNKNOWN_WORDS: "most of the words are unknown",
        SIMILAR: "it is too close to a page that was handed in before",
        NO_FEELING: "it does not say yet how you feel: name it, in at least two words",
        NOT_TODAY: "it does not say yet what it is about: name what you traded, or what it cost",
        "paste": "a part came in at once instead of being written",
        "too_fast": "the page wants more time",
        "idle": "most of the time went by without writing",
        REUSED: "this page was handed in before",
        TOO_SOON: "take a little time before the next try; what you wrote is kept",
        NOT_REQUIRED: "no page is due",
    }
)
"""What is said to a page, by its verdict."""
_NUMBERED: Final = re.compile(r"[^a-z]+")


class Traced(Protocol):
    """Where traces of earlier pages are."""

    def traces(self, digests: set[str], most: int) -> list[frozenset[int]]: ...


def reader_of(engine: Engine, readings: Readings, pages: Traced, now_ns: int) -> Reader | None:
    """The reader of a page handed in now; None where the rules know none.

    Looks into the table of pages: not for the event loop.
    """
    rules = engine.state.rules.tilt.reading
    if rules is None:
        return None
    asked = readings.intervention
    prompt = "" if asked is None else asked.message
    since_ns = utc_day(now_ns if asked is None else asked.ts_ns) * DAY
    around = Around(
        languages=languages(),
        earlier=tuple(pages.traces(readings.accepted_pages, rules.similarity_pages)),
        prompt=tuple(tokens(prompt)),
        names=_names(engine, readings, since_ns),
        amounts=_amounts(readings, since_ns),
    )
    return Reader(rules, around)


def _names(engine: Engine, readings: Readings, since_ns: int) -> frozenset[str]:
    """Words for the symbols that were traded since, or are held."""
    symbols = set(engine.state.ledger.positions)
    symbols |= {made.fill.symbol for made in readings.made if made.ts_ns >= since_ns}
    symbols |= {closed.symbol for closed in readings.closed if closed.ts_ns >= since_ns}
    found: set[str] = set()
    for symbol in symbols:
        base = symbol.partition("/")[0]
        found |= {base.lower(), symbol.replace("/", "").lower(), *coins().get(base, ())}
    return frozenset(_NUMBERED.sub("", name) for name in found) - {""}


def _amounts(readings: Readings, since_ns: int) -> tuple[Decimal, ...]:
    """Results since: of every closed trade, and of each day."""
    trades = [closed.pnl_usdt for closed in readings.closed if closed.ts_ns >= since_ns]
    days = [day.pnl_usdt for at, day in readings.days.items() if at >= utc_day(since_ns)]
    return tuple(amount for amount in (*trades, *days) if amount)
