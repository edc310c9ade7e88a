"""Why trading is halted, as far as it matters to the way out."""

from enum import StrEnum

from genesis.domain.outcomes import Halted

_OPERATOR = "operator"


class HaltCause(StrEnum):
    """OPERATOR: he halted it himself. RECORD: something written down is broken. LOSS: the rest."""

    OPERATOR = "OPERATOR"
    RECORD = "RECORD"
    LOSS = "LOSS"

    @classmethod
    def of(cls, fact: Halted) -> "HaltCause":
        return cls.OPERATOR if fact.source == _OPERATOR else cls.LOSS
