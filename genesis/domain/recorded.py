"""What a log gives back: a step as it was recorded."""

from typing import Protocol

from genesis.domain.commands import Command
from genesis.domain.events import Event
from genesis.domain.outcomes import Outcome


class Recorded(Protocol):
    """One step of the record, in consumed order."""

    @property
    def run(self) -> int: ...
    @property
    def step(self) -> int: ...
    @property
    def event(self) -> Event: ...
    @property
    def outcomes(self) -> tuple[Outcome, ...]: ...
    @property
    def commands(self) -> tuple[Command, ...]: ...
