"""Which code decided what of a record, as the record itself says, and which code is here."""

from genesis.domain.events import RunStarted
from genesis.domain.keeping import StrategySwapped
from genesis.domain.outcomes import CommandAnswered
from genesis.domain.recorded import Recorded
from genesis.service.code_manifest import code_sha256
from genesis.service.strategies import strategies_of

_SHOWN = 12


class CodeOfLog:
    """Sees all steps of a record; then tells of one of them."""

    def __init__(self) -> None:
        self._since: list[tuple[int, str, str]] = []
        self._strategies: tuple[str, ...] = ()

    def see(self, recorded: Recorded) -> None:
        event = recorded.event
        if isinstance(event, RunStarted):
            self._strategies = event.strategies
            begin = (recorded.step, event.code_sha256, f"since the start of run {event.run}")
            self._since.append(begin)
        elif isinstance(event, StrategySwapped) and _is_done(recorded):
            words = f"since {event.name} was swapped in step {recorded.step}"
            self._since.append((recorded.step, event.code_sha256, words))

    def words(self, step: int) -> str | None:
        """What must be known of the code to judge a difference at that step; None: it is here."""
        before = [found for found in self._since if found[0] <= step]
        if not before:
            return None
        _, then, since = before[-1]
        here = code_sha256(strategies_of(self._strategies))
        if then == here:
            return None
        return (
            f"step {step} was decided by code {then[:_SHOWN]} ({since}), and here is code "
            f"{here[:_SHOWN]}: what that code decided cannot be run again by this one, so the "
            "difference may be no fault; verify with that code installed to know"
        )


def _is_done(recorded: Recorded) -> bool:
    return any(isinstance(one, CommandAnswered) and one.accepted for one in recorded.outcomes)
