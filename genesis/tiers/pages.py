"""Pages of the journal as the tiers know them: by hash, never by text."""

from genesis.domain.account import TierMode
from genesis.domain.events import JournalAssessed
from genesis.domain.keeping import ClocksSetBack
from genesis.tiers.rules import PageGateRules

_TOO_SHORT = "too_short"


class Pages:
    """Which texts were handed in, so that none counts twice.

    done_ns: when a page was last accepted, by the mode that asked for it.
    """

    def __init__(self) -> None:
        self.done_ns: dict[TierMode, int] = {}
        self._seen: set[str] = set()

    def is_news(self, sha256: str) -> bool:
        """Is the text of this hash a new one?"""
        return sha256 not in self._seen

    def seen(self, sha256: str) -> None:
        """The text served its purpose."""
        self._seen.add(sha256)

    def set_back(self, outcome: ClocksSetBack) -> None:
        """The clocks of the modes went back: a page that was done in one of them still is."""
        for mode, done_ns in self.done_ns.items():
            if mode is TierMode.HALTED:  # its own clock runs on: an earlier halt's page stays that
                continue
            self.done_ns[mode] = min(outcome.ts_ns, done_ns + outcome.by_ns)


def counts_for_the_day(event: JournalAssessed, rules: PageGateRules | None) -> bool:
    """A page of the day may be shorter than that of an intervention, but is as good in all else."""
    is_long = rules is not None and event.word_count >= rules.words_min
    faults = event.reasons or (event.reason,)  # one alone was told before there were several
    return event.accepted or (faults == (_TOO_SHORT,) and is_long)
