"""Messages of a stream that cannot be read: told, and what they may have said is asked for."""

import asyncio
from typing import Any

import pytest

from genesis.domain.events import FeedLost, FeedRestored, HealthReported, OrderAccepted
from tests.service.test_stream_lines import a_user_stream, report
from tests.support.stream_server import Heard, a_server, a_stream, until

BROKEN_MARKET = (
    "",
    "no json",
    "null",
    "7",
    "[]",
    "{}",
    '{"stream": "btcusdt@trade"}',
    '{"stream": "btcusdt@trade", "data": null}',
    '{"stream": "btcusdt@trade", "data": {"e": "trade", "s": "BTCUSDT"}}',
    '{"stream": "btcusdt@trade", "data": {"e": "trade", "s": "BTCUSDT", "t": 5, "p": "x", "q": "1",'
    ' "T": 1723161600000, "m": true}}',
    '{"stream": "btcusdt@depth@100ms", "data": {"e": "depthUpdate", "s": "BTCUSDT", "U": "a"}}',
    '{"stream": 5, "data": {"u": 1, "s": "BTCUSDT", "b": "NaN", "B": "1", "a": "2", "A": "1"}}',
)


@pytest.mark.parametrize("text", BROKEN_MARKET)
def test_the_market_stream_goes_on_behind_a_message_that_cannot_be_read(text: str) -> None:
    async def story() -> None:
        heard = Heard()
        async with a_server() as server, a_stream(server, heard.append):
            await server.trades([1, 2])
            await server.say([text])
            await server.trades([3, 4])
            await until(lambda: len(heard.ids) == 4)
            assert heard.ids == [1, 2, 3, 4]
            assert heard.of(FeedLost) == []
            told = heard.of(HealthReported)
            assert told and {(one.component, one.status) for one in told} == {
                ("market", "degraded")
            }
            assert all("cannot be read" in one.detail for one in told)

    asyncio.run(story())


BROKEN_REPORT: tuple[dict[str, Any], ...] = (
    {"s": 7},
    {"z": "?"},
    {"x": "TRADE", "l": "many", "t": 3},
    {"X": "INVENTED", "x": "INVENTED"},
    {"T": "yesterday"},
)


@pytest.mark.parametrize("wrong", BROKEN_REPORT)
def test_a_report_that_cannot_be_read_has_the_venue_asked(wrong: dict[str, Any]) -> None:
    async def story() -> None:
        heard = Heard()
        async with a_server() as server, a_user_stream(server, heard):
            await server.say([report(1, "NEW", **wrong), report(2, "NEW")])
            await until(lambda: bool(heard.of(OrderAccepted)))
            (told,) = heard.of(HealthReported)
            assert "an order report cannot be read" in told.detail
            assert heard.doubts == ["an order report cannot be read"]

    asyncio.run(story())


@pytest.mark.parametrize("text", ["no json", "[]"])
def test_a_user_stream_that_speaks_no_json_is_opened_anew(text: str) -> None:
    """What comes after it is the line's business: the books are compared once it is back."""

    async def story() -> None:
        heard = Heard()
        async with a_server() as server, a_user_stream(server, heard):
            await server.say([text])
            await until(lambda: bool(heard.of(FeedRestored)))
            assert "the venue sends no" in heard.of(FeedLost)[0].reason

    asyncio.run(story())
