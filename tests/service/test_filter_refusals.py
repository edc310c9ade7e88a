"""Filters of the venue that changed behind our back: a refusal in plain words, and nothing more."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from genesis.domain.orders import OrderStatus
from genesis.exchange.classify import Answer
from genesis.exchange.filter_words import WORDS, told
from tests.support.build import BTC
from tests.support.small_home import small_home

D = Decimal


@pytest.mark.parametrize(
    ("name", "now"),
    [
        ("NOTIONAL", {"min_notional_usdt": D(50)}),
        ("LOT_SIZE", {"qty_lot": D("0.001")}),
        ("PRICE_FILTER", {"price_tick": D(1000)}),
    ],
)
def test_what_is_wrong_with_the_order_is_told_and_its_money_is_free_again(
    name: str, now: dict[str, Any]
) -> None:
    async def story() -> None:
        async with small_home() as home:
            home.exchange.venue.list_instrument(replace(BTC, **now))
            await home.buy("25", "59100")
            assert home.entry.status is OrderStatus.REJECTED
            assert home.entry.note.startswith(f"{WORDS[name]} (HTTP 400 -1013 ")
            assert home.engine.view.reserved_usdt == 0
            assert home.gateway.traffic.filters_doubted.is_set()  # they are learnt anew at once
            assert home.blocks == {}
            home.exchange.venue.list_instrument(BTC)
            await home.buy("25", "59100")
            assert home.entry.status is OrderStatus.OPEN
            await home.agrees()

    asyncio.run(story())


def test_other_refusals_are_told_in_the_venues_words() -> None:
    for code, words in ((-2010, "Order would trigger immediately."), (-1013, "Filter failure: X")):
        answer = Answer(400, None, code, words)
        assert told(answer) == answer.told()
    # execution leaves at once where a stop is overtaken, and knows it by this word
    assert not any("trigger" in words for words in WORDS.values())
