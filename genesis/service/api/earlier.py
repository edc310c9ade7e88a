"""What client references led to before, so that nothing is carried out twice."""

import asyncio
from typing import Protocol

from genesis.errors import EventLogError
from genesis.service.readings import AnyStep, Readings


class Answered(Protocol):
    """The log, asked what was answered to a client reference before."""

    def answer(self, client_ref: str) -> AnyStep | None: ...


class Earlier:
    """Looks references up: which there were is known here, what came of them stands in the log."""

    def __init__(self, readings: Readings, log: Answered) -> None:
        self._readings = readings
        self._log = log

    async def step(self, ref: str | None) -> AnyStep | None:
        """The first step this reference led to; None when it is new.

        Raises:
            EventLogError: it was used, and the log cannot tell for what.
        """
        if ref is None or ref not in self._readings.refs:
            return None
        found = await asyncio.to_thread(self._log.answer, ref)
        if found is None:
            raise EventLogError("it was carried out, but the event log did not keep the answer")
        return found
