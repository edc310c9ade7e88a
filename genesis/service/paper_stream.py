"""Streams of paper accounts in the event log: `paper-1`, `paper-2`, ..., one for each opening."""

import re
from collections.abc import Iterable
from concurrent.futures import Future
from typing import Final

from genesis.domain.account import Tier
from genesis.domain.commands import SubmitOrder
from genesis.engine.step import Step
from genesis.exchange.wire_id import compose
from genesis.rules import Rules
from genesis.rules.book import Source, bind, read
from genesis.service.clock import wall_ns
from genesis.store.event_log import EventLog
from genesis.store.steps import LogEntry, step_text

_PREFIX: Final = "paper-"
_NAME: Final = re.compile(rf"{_PREFIX}([1-9][0-9]{{0,8}})")


def stream_name(number: int) -> str:
    """The stream of the account that was opened as the so-many-eth, from 1."""
    return f"{_PREFIX}{number}"


def openings(names: Iterable[str]) -> int:
    """How many accounts on paper there were, by the names of streams; of others it is none."""
    found = (_NAME.fullmatch(name) for name in names)
    return max((int(one[1]) for one in found if one is not None), default=0)


def in_tier(rules: Rules, tier: Tier) -> Rules:
    """The same rules, under which an account on paper opens in this tier."""
    if rules.tiers.opening_tier is tier:
        return rules
    opening = Source("the paper lane", {"tiers": {"opening_tier": tier.value}})
    return bind([read("the rules in force", rules.text), opening])


class PaperStream:
    """Writes the steps of one run behind what its stream holds.

    durable: resolves when all that was written is on disk; None: nothing was written yet.
    """

    def __init__(self, event_log: EventLog, name: str, run: int) -> None:
        self.name = name
        self.durable: Future[int] | None = None
        self._log = event_log
        self._run = run
        self._step = event_log.tail(name).step

    def write(self, step: Step) -> None:
        """Write a step down. What has no stored form fails here, and not in the writer of all.

        Raises:
            EventLogError: it cannot be written.
        """
        head = self._log.tail(self.name).hash
        wire_ids = tuple(
            compose(command.key, head) if isinstance(command, SubmitOrder) else None
            for command in step.commands
        )
        entry = LogEntry(
            self._run,
            self._step + 1,
            step.event,
            wall_ns(),
            step.outcomes,
            step.commands,
            wire_ids,
            self.name,
        )
        step_text(entry)
        self.durable = self._log.append(entry)
        self._step += 1
