"""A venue that refuses the stop of what was bought: the position is bare, and is said to be."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.process import Control, Process

REFUSALS = 2
"""With five seconds between two tries."""


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    exchange = Process(tmp_path, "exchange", "--sample", "--port", "0", "--speed", "1")
    with exchange:
        arguments = ("run", "--mode", "paper", "--json", "--port", "0", "--home")
        venue = ("--venue-url", exchange.ready["url"])
        with Process(tmp_path, *arguments, str(tmp_path / "home"), *venue) as service:
            fault = {"method": "POST", "path": "/api/v3/order", "mode": "http", "code": -1013}
            url = f"{exchange.ready['url']}/__genesis__/fault"
            armed = httpx.post(url, json={**fault, "count": REFUSALS, "skip": 1}, trust_env=False)
            armed.raise_for_status()
            yield Control(service.ready["url"], tmp_path / "home")


def bought(control: Control) -> None:
    control.until("trading", "/locks", lambda locks: locks == [])
    answer = control.say("buy 12 usdt btc")
    assert answer.status_code == 200, answer.text


def test_it_is_told_and_nothing_joins_it_until_a_stop_rests(control: Control) -> None:
    bought(control)
    is_bare = lambda held: len(held) == 1 and held[0].get("stop_refused")  # noqa: E731
    control.until("a bare position", "/positions", is_bare)
    refused = control.say("buy 8 usdt btc")
    assert refused.status_code == 409
    assert [one["code"] for one in refused.json()["all"]] == ["STOP_REFUSED"]
    rests = lambda orders: [o["purpose"] for o in orders if o["status"] == "OPEN"]  # noqa: E731
    control.until("its stop", "/orders", lambda orders: rests(orders) == ["PROTECT"])
    assert control.get("/positions")[0].get("stop_refused") is None
    assert control.say("buy 8 usdt btc").status_code == 200
