"""Why trading is halted, as far as it matters to the way out."""

from enum import StrEnum
from typing import Final

from genesis.domain.outcomes import Halted

_OPERATOR = "operator"
RECOVER: Final = "`genesis recover` makes the record whole"
_RESET: Final = "`genesis tier reset` leads out of it (`genesis tier status` tells from when)"


class HaltCause(StrEnum):
    """OPERATOR: he halted it himself. RECORD: something written down is broken. LOSS: the rest."""

    OPERATOR = "OPERATOR"
    RECORD = "RECORD"
    LOSS = "LOSS"

    @classmethod
    def of(cls, fact: Halted) -> "HaltCause":
        return cls.OPERATOR if fact.source == _OPERATOR else cls.LOSS


class Halts(set[HaltCause]):
    """What halted trading; empty where nothing did."""

    @property
    def is_own(self) -> bool:
        """Did he halt it himself, whatever became of the record?"""
        return self <= {HaltCause.OPERATOR, HaltCause.RECORD}

    @property
    def is_broken(self) -> bool:
        """Is the record not whole, whatever else halted it?"""
        return HaltCause.RECORD in self

    @property
    def is_broken_only(self) -> bool:
        return self == {HaltCause.RECORD}

    def way_out(self, *, can_reset: bool) -> str:
        """What leads out, in words: the commands in the order in which they help.

        can_reset: the rules know a reset by hand.
        """
        steps = [RECOVER] if self.is_broken else []
        if not self.is_broken_only:
            steps.append(_RESET if can_reset else "these rules know no way out of it")
        return ", and then ".join(steps)
