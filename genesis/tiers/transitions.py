"""The transition table of the tier machine: what happens in which mode leads to which.

A pair that is not in the table is refused and changes nothing. The tier moves with CONFIRMED (one
up), DAILY_LOSS, CAPITAL_LOST, CAPITAL_WITHDRAWN and STEPPED_DOWN (down).
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from genesis.domain.account import TierMode

DAILY_LOSS_REASON: Final = "the loss of the day is beyond its limit"
CAPITAL_REASON: Final = "capital fell below what the tier asks for"
WITHDRAWN_REASON: Final = "so much was taken out that the tier below fits the capital"
RESET_REASON: Final = "the halt was reset by hand"
OWN_RESET_REASON: Final = "the trader's own halt was lifted"
RESTORED_REASON: Final = "the record is whole again"


class Happening(StrEnum):
    """What an event means to the table."""

    OPENED_PAPER = "OPENED_PAPER"
    OPENED_LIVE = "OPENED_LIVE"
    WENT_LIVE = "WENT_LIVE"
    PROVEN = "PROVEN"
    NOT_PROVEN = "NOT_PROVEN"
    DAILY_LOSS = "DAILY_LOSS"
    HALT = "HALT"
    RECORD_BROKEN = "RECORD_BROKEN"
    RECORD_RESTORED = "RECORD_RESTORED"
    RESET = "RESET"
    OWN_RESET = "OWN_RESET"
    CAPITAL_LOST = "CAPITAL_LOST"
    CAPITAL_WITHDRAWN = "CAPITAL_WITHDRAWN"
    CALMED = "CALMED"
    RECOVERED = "RECOVERED"
    GATES_PASSED = "GATES_PASSED"
    PAPER_DONE = "PAPER_DONE"
    GATE_FAILED = "GATE_FAILED"
    DISTURBED = "DISTURBED"
    EXPIRED = "EXPIRED"
    CONFIRMED = "CONFIRMED"
    ADJUSTED = "ADJUSTED"
    NOT_ADJUSTED = "NOT_ADJUSTED"
    STEPPED_DOWN = "STEPPED_DOWN"


_M = TierMode
_H = Happening
TRANSITIONS: Final[Mapping[tuple[TierMode | None, Happening], TierMode]] = MappingProxyType(
    {
        (None, _H.OPENED_PAPER): _M.ACTIVE,
        (None, _H.OPENED_LIVE): _M.OPENING48,
        (_M.OPENING48, _H.WENT_LIVE): _M.GO_LIVE,
        (_M.GO_LIVE, _H.PROVEN): _M.ACTIVE,
        (_M.GO_LIVE, _H.NOT_PROVEN): _M.GO_LIVE,  # for longer
        # the way up
        (_M.ACTIVE, _H.GATES_PASSED): _M.PAPER48,
        (_M.PAPER48, _H.PAPER_DONE): _M.CEREMONY,
        (_M.PAPER48, _H.GATE_FAILED): _M.ACTIVE,
        (_M.PAPER48, _H.DISTURBED): _M.ACTIVE,
        (_M.PAPER48, _H.EXPIRED): _M.ACTIVE,
        (_M.CEREMONY, _H.GATE_FAILED): _M.ACTIVE,
        (_M.CEREMONY, _H.DISTURBED): _M.ACTIVE,
        (_M.CEREMONY, _H.EXPIRED): _M.ACTIVE,
        (_M.CEREMONY, _H.CONFIRMED): _M.ADJUST48,  # one tier up
        (_M.ADJUST48, _H.ADJUSTED): _M.ACTIVE,
        (_M.ADJUST48, _H.NOT_ADJUSTED): _M.ADJUST48,  # for longer
        # the loss of a day
        (_M.OPENING48, _H.DAILY_LOSS): _M.EMERGENCY,
        (_M.GO_LIVE, _H.DAILY_LOSS): _M.EMERGENCY,
        (_M.ACTIVE, _H.DAILY_LOSS): _M.EMERGENCY,
        (_M.PAPER48, _H.DAILY_LOSS): _M.EMERGENCY,
        (_M.CEREMONY, _H.DAILY_LOSS): _M.EMERGENCY,
        (_M.ADJUST48, _H.DAILY_LOSS): _M.EMERGENCY,
        (_M.EMERGENCY, _H.DAILY_LOSS): _M.EMERGENCY,  # once per UTC day
        (_M.RECOVERY, _H.DAILY_LOSS): _M.EMERGENCY,
        (_M.HALTED, _H.DAILY_LOSS): _M.HALTED,  # the tier falls, the halt stays
        (_M.EMERGENCY, _H.CALMED): _M.RECOVERY,
        (_M.RECOVERY, _H.RECOVERED): _M.ACTIVE,
        # halts
        (_M.OPENING48, _H.HALT): _M.HALTED,
        (_M.GO_LIVE, _H.HALT): _M.HALTED,
        (_M.ACTIVE, _H.HALT): _M.HALTED,
        (_M.PAPER48, _H.HALT): _M.HALTED,
        (_M.CEREMONY, _H.HALT): _M.HALTED,
        (_M.ADJUST48, _H.HALT): _M.HALTED,
        (_M.EMERGENCY, _H.HALT): _M.HALTED,
        (_M.RECOVERY, _H.HALT): _M.HALTED,
        (_M.OPENING48, _H.RECORD_BROKEN): _M.HALTED,
        (_M.GO_LIVE, _H.RECORD_BROKEN): _M.HALTED,
        (_M.ACTIVE, _H.RECORD_BROKEN): _M.HALTED,
        (_M.PAPER48, _H.RECORD_BROKEN): _M.HALTED,
        (_M.CEREMONY, _H.RECORD_BROKEN): _M.HALTED,
        (_M.ADJUST48, _H.RECORD_BROKEN): _M.HALTED,
        (_M.EMERGENCY, _H.RECORD_BROKEN): _M.HALTED,
        (_M.RECOVERY, _H.RECORD_BROKEN): _M.HALTED,
        (_M.HALTED, _H.RECORD_RESTORED): _M.ACTIVE,  # or the mode that was halted: see below
        (_M.HALTED, _H.OWN_RESET): _M.RECOVERY,  # the same
        (_M.HALTED, _H.RESET): _M.RECOVERY,  # the same
        # down without a loss of the day
        (_M.ACTIVE, _H.CAPITAL_LOST): _M.ACTIVE,
        (_M.ACTIVE, _H.CAPITAL_WITHDRAWN): _M.ACTIVE,
        (_M.ACTIVE, _H.STEPPED_DOWN): _M.ADJUST48,
        (_M.PAPER48, _H.STEPPED_DOWN): _M.ADJUST48,
        (_M.CEREMONY, _H.STEPPED_DOWN): _M.ADJUST48,
        (_M.ADJUST48, _H.STEPPED_DOWN): _M.ADJUST48,
        (_M.EMERGENCY, _H.STEPPED_DOWN): _M.EMERGENCY,  # no way out of these
        (_M.RECOVERY, _H.STEPPED_DOWN): _M.RECOVERY,
        (_M.HALTED, _H.STEPPED_DOWN): _M.HALTED,
    }
)

_WAY_UP: Final = {_M.PAPER48: _M.ACTIVE, _M.CEREMONY: _M.ACTIVE}
_RESUMED: Final[Mapping[TierMode, TierMode]] = {
    one: _WAY_UP.get(one, one) for one in _M if one is not _M.HALTED
}
RESUMED: Final[Mapping[Happening, Mapping[TierMode, TierMode]]] = MappingProxyType(
    {
        _H.RECORD_RESTORED: _RESUMED,
        _H.OWN_RESET: _RESUMED,
        _H.RESET: {one: one for one in (_M.OPENING48, _M.EMERGENCY)},
    }
)
"""What goes on after a halt, by what ended it and what was halted. A way up that was under way
begins again; a loss leads neither past the go-live protocol nor out of an emergency.
"""

REASONS: Final[Mapping[Happening, str]] = MappingProxyType(
    {
        Happening.OPENED_PAPER: "account opened",
        Happening.OPENED_LIVE: "account opened",
        Happening.WENT_LIVE: "the go-live protocol was confirmed",
        Happening.PROVEN: "the first day of live trading is over",
        Happening.NOT_PROVEN: "the books are not reconciled: small positions go on",
        Happening.DAILY_LOSS: DAILY_LOSS_REASON,
        Happening.RECORD_RESTORED: RESTORED_REASON,
        Happening.RESET: RESET_REASON,
        Happening.OWN_RESET: OWN_RESET_REASON,
        Happening.CAPITAL_LOST: CAPITAL_REASON,
        Happening.CAPITAL_WITHDRAWN: WITHDRAWN_REASON,
        Happening.CALMED: "time, a page and small good days have passed",
        Happening.RECOVERED: "the quiet way back is over",
        Happening.GATES_PASSED: "all gates passed",
        Happening.PAPER_DONE: "the paper time is over: the ceremony can be held",
        Happening.GATE_FAILED: "a gate no longer passes",
        Happening.EXPIRED: "the time for it ran out",
        Happening.CONFIRMED: "the ceremony was held",
        Happening.ADJUSTED: "the first days in the tier went well",
        Happening.STEPPED_DOWN: "the trader chose the tier below",
    }
)
