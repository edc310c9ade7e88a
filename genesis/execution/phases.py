"""The life of a parent order, as a table."""

from enum import StrEnum
from typing import Final


class Phase(StrEnum):
    """WAITING: for the next slice's moment. JUDGING: the gate has a slice. WORKING: the venue has.

    STOPPING: no slice follows the one that works. SUSPENDED, RECHECKING: of a process that ended,
    without and with a slice at the venue, until the account is known to be as the venue has it.
    """

    WAITING = "WAITING"
    JUDGING = "JUDGING"
    WORKING = "WORKING"
    STOPPING = "STOPPING"
    SUSPENDED = "SUSPENDED"
    RECHECKING = "RECHECKING"
    ENDED = "ENDED"


class Signal(StrEnum):
    """What may happen to a parent."""

    DUE = "DUE"
    SENT = "SENT"
    REFUSED = "REFUSED"
    TOO_DEAR = "TOO_DEAR"
    FILLED = "FILLED"
    LAST_FILLED = "LAST_FILLED"
    SHORT = "SHORT"
    LATE = "LATE"
    STOPPED = "STOPPED"
    RESTARTED = "RESTARTED"
    RESUMED = "RESUMED"


_P, _S = Phase, Signal
TRANSITIONS: Final[dict[Phase, dict[Signal, Phase]]] = {
    _P.WAITING: {_S.DUE: _P.JUDGING, _S.STOPPED: _P.ENDED, _S.RESTARTED: _P.SUSPENDED},
    _P.JUDGING: {_S.SENT: _P.WORKING, _S.REFUSED: _P.ENDED, _S.TOO_DEAR: _P.ENDED},
    _P.WORKING: {
        _S.FILLED: _P.WAITING,
        _S.LAST_FILLED: _P.ENDED,
        _S.SHORT: _P.ENDED,
        _S.LATE: _P.STOPPING,
        _S.STOPPED: _P.STOPPING,
        _S.RESTARTED: _P.RECHECKING,
    },
    _P.STOPPING: {_S.FILLED: _P.ENDED, _S.LAST_FILLED: _P.ENDED, _S.SHORT: _P.ENDED},
    _P.SUSPENDED: {_S.RESUMED: _P.WAITING, _S.STOPPED: _P.ENDED},
    _P.RECHECKING: {
        _S.FILLED: _P.SUSPENDED,
        _S.LAST_FILLED: _P.ENDED,
        _S.SHORT: _P.ENDED,
        _S.RESUMED: _P.WORKING,
        _S.STOPPED: _P.STOPPING,
    },
    _P.ENDED: {},
}
"""(phase, signal) -> phase. A signal that is not in the table changes nothing."""
STARTING: Final = frozenset({_P.SUSPENDED, _P.RECHECKING})
"""Of a process that does not know its account yet."""
