"""What analytics reads: steps as they happened or as they were recorded."""

from typing import Protocol

from genesis.domain.commands import Command
from genesis.domain.events import Event
from genesis.domain.outcomes import Outcome


class AnyStep(Protocol):
    """One event, what was decided, and what was asked of the outside."""

    @property
    def event(self) -> Event: ...
    @property
    def outcomes(self) -> tuple[Outcome, ...]: ...
    @property
    def commands(self) -> tuple[Command, ...]: ...
