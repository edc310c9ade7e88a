"""The event log for the API: newest rows in the contract's shape, and answers given before."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from genesis.domain.events import FlowReported
from genesis.domain.time import format_utc, parse_utc
from genesis.errors import UsageError
from genesis.service.readings import AnyStep
from genesis.store.reader import LogReader, event_id

_KEPT: Final = 2**63 - 1
_EPOCH: Final = 1970


class Past:
    """Reads the log of a running service; safe from any thread.

    account: (account id of the log, the same as the contract's uuid).
    """

    def __init__(self, reader: LogReader, account: Callable[[], tuple[str, str]]) -> None:
        self._reader = reader
        self._account = account

    def events(self, limit: int, after: str | None) -> list[dict[str, Any]]:
        """The newest rows, newest first; `after` is ISO 8601 text.

        Raises:
            UsageError: `after` is no time.
        """
        after_ns = None if after is None else _after_ns(after.replace(" ", "+"))
        account_id, aggregate_id = self._account()
        return [
            {
                "event_id": event_id(account_id, row),
                "event_type": row.kind,
                "aggregate_id": aggregate_id,
                "event_data": {
                    "role": row.role,
                    "run": row.run,
                    "step": row.step,
                    **json.loads(row.body),
                },
                "created_at": format_utc(row.ts_ns),
            }
            for row in self._reader.recent(limit, after_ns)
        ]

    def flows(self, limit: int) -> list[dict[str, Any]]:
        """Money that came or went without a trade, newest first."""
        return [
            {
                "at": format_utc(row.ts_ns),
                **{name: told[name] for name in ("asset", "amount", "kind", "ref")},
            }
            for row in self._reader.recent(limit, kind=FlowReported.__name__)
            for told in (json.loads(row.body),)
        ]

    def answer(self, client_ref: str) -> AnyStep | None:
        return self._reader.answer(client_ref)


def _after_ns(text: str) -> int:
    """The moment a text names; one beyond the times that are kept is before or after all of them.

    Raises:
        UsageError: it is no time.
    """
    try:
        return parse_utc(text)
    except ValueError as problem:
        try:
            year = datetime.fromisoformat(text).year
        except ValueError:
            told = f"after: {text!r} is no time such as {format_utc(0)}"
            raise UsageError(told) from problem
        return -_KEPT if year < _EPOCH else _KEPT
