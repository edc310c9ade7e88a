"""What a fork of the log means: nothing is gained by it, and what is known of the lost part holds.

Where the rest of the log cannot be read at all, venue and clock are what is left: money that was
lost is missing there, and the unknown time counts for no promotion.
"""

from typing import TYPE_CHECKING, Final

from genesis.domain.keeping import LogForked
from genesis.domain.outcomes import Halted, Outcome

if TYPE_CHECKING:
    from genesis.engine.state import EngineState

RECOVER: Final = "recover"
_FORKED: Final = "the log was forked"
_WAS_PAUSED: Final = "an intervention was open in the log that was set aside"


class Forks:
    """Takes a fork of the log to the tiers, to the drawdown and to tilt."""

    def __init__(self, state: "EngineState") -> None:
        self._state = state

    def stepped(self, event: LogForked) -> tuple[Outcome, ...]:
        """The tier: no clock ran in the unknown time, a way up begins again, a fall stays."""
        tiers, now_ns = self._state.tiers, self._state.now_ns
        return (
            *tiers.record_restored(now_ns),
            *tiers.set_back(now_ns, now_ns - event.sound_ns),
            *tiers.disturbed(now_ns, _FORKED),
            *(tiers.fell(now_ns) if event.fell else ()),
        )

    def halted(self, event: LogForked) -> tuple[Halted, ...]:
        """A halt that was found goes on."""
        drawdown = self._state.risk.drawdown
        if event.halted is None or drawdown.halted is not None:
            return ()
        drawdown.halted = Halted(self._state.now_ns, event.halted_by or RECOVER, event.halted)
        return (drawdown.halted,)

    def paused(self, event: LogForked) -> tuple[Outcome, ...]:
        """An intervention that was found is one of the strictest: its cause is not known here."""
        if not event.was_paused:
            return ()
        return self._state.tilt.halted(Halted(self._state.now_ns, RECOVER, _WAS_PAUSED))
