"""The event log for the API: newest rows in the contract's shape, and answers given before."""

import json
from collections.abc import Callable
from typing import Any

from genesis.domain.events import FlowReported
from genesis.domain.time import format_utc
from genesis.service.moments import moment_ns
from genesis.service.readings import AnyStep
from genesis.store.reader import LogReader, event_id


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
        after_ns = None
        if after is not None:  # in a query a plus sign reads as a blank
            after_ns = moment_ns(after.replace(" ", "+"), "after")
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
                "fenced": told.get("fenced", False),
                "note": told.get("note", ""),
            }
            for row in self._reader.recent(limit, kind=FlowReported.__name__)
            for told in (json.loads(row.body),)
        ]

    def answer(self, client_ref: str) -> AnyStep | None:
        return self._reader.answer(client_ref)
