"""Reports of the user stream: what could not be read was not heard, and is asked about."""

import json
from typing import Any, cast

from genesis.domain.events import Event, OrderFilled
from genesis.exchange.line import Patience
from genesis.exchange.once import Once
from genesis.exchange.user_stream import UserStream

TRADE = {
    **{"e": "executionReport", "s": "BTCUSDT", "c": "g-1-1-0-" + "a" * 16, "C": "", "S": "BUY"},
    **{"x": "TRADE", "X": "PARTIALLY_FILLED", "i": 5, "z": "0.001", "T": 1_700_000_000_000},
    **{"t": 7, "L": "60000", "l": "0.001", "n": "0", "N": "BTC", "m": False, "I": 1},
}


class Heard:
    def __init__(self) -> None:
        self.events: list[Event] = []
        self.doubts: list[str] = []
        unused = cast("Any", None)
        self.stream = UserStream(
            *("ws://x", "k", "s", self.events.append),
            doubt=self.doubts.append,
            order_trades=unused,
            once=Once(),
            session=unused,
            now_ns=lambda: 1,
            signed_ns=lambda: 1,
            recv_window_ms=5_000,
            patience=Patience(),
        )

    def hear(self, **changes: Any) -> list[Event]:
        self.events.clear()
        self.stream.hear(json.dumps({"subscriptionId": 0, "event": TRADE | changes}))
        return [event for event in self.events if isinstance(event, OrderFilled)]


def test_a_report_that_cannot_be_read_is_doubted_and_the_same_one_readable_is_told() -> None:
    heard = Heard()
    assert heard.hear(l="0,001") == []
    assert heard.doubts == ["an order report cannot be read"]
    assert len(heard.hear()) == 1  # from the other connection
    assert heard.hear() == []  # once


def test_a_status_that_nobody_knows_is_doubted() -> None:
    heard = Heard()
    heard.hear(x="CANCELED", X="PENDING_REVIEW", t=-1)
    assert heard.doubts == ["an order report cannot be read"]
