"""Pages of the journal as the tiers know them: by hash, never by text."""

from genesis.domain.events import JournalAssessed
from genesis.tiers.rules import PageGateRules

_TOO_SHORT = "too_short"


class Pages:
    """Which texts were handed in, so that none counts twice.

    done_ns: when a page was last accepted for a mode that asked for one.
    """

    def __init__(self) -> None:
        self.done_ns: int | None = None
        self._seen: set[str] = set()

    def is_news(self, sha256: str) -> bool:
        """Is the text of this hash a new one?"""
        return sha256 not in self._seen

    def seen(self, sha256: str) -> None:
        """The text served its purpose."""
        self._seen.add(sha256)


def counts_for_the_day(event: JournalAssessed, rules: PageGateRules | None) -> bool:
    """A page of the day may be shorter than that of an intervention."""
    is_long = rules is not None and event.word_count >= rules.words_min
    return event.accepted or (event.reason == _TOO_SHORT and is_long)
