"""What was bought elsewhere: an entry that no gate judged, where the engine can be sure of it."""

from decimal import Decimal

import pytest

from genesis.domain.events import HealthReported, OrderFilled
from genesis.domain.fills import Fill, Liquidity
from genesis.domain.ids import EXTERNAL_RUN, OrderKey
from genesis.domain.orders import Side
from genesis.domain.outcomes import ViolationNoted
from genesis.engine.step import Step
from genesis.engine.tier_acts import RECORD
from tests.support.engines import Bench, only, submits

D = Decimal


@pytest.fixture
def bench() -> Bench:
    return Bench(cash="500", price="60000")  # the cap of a position is 25 USDT


def elsewhere(bench: Bench, qty: str, trade_id: int = 1, side: Side = Side.BUY) -> Step:
    """A trade of the account that no order of ours made."""
    fill = Fill(
        "BTC/USDT", side, trade_id, D(60_000), D(qty), D(0), "USDT", Liquidity.TAKER
    )  # fmt: skip
    key = OrderKey(EXTERNAL_RUN, trade_id, 0)
    return bench.tell(OrderFilled(bench.now_ns, key, fill, recovered=True))


def test_beyond_the_cap_it_is_a_violation_and_its_stop_is_ours(bench: Bench) -> None:
    step = elsewhere(bench, "0.0005")
    (noted,) = only(step, ViolationNoted)
    assert (noted.kind, "BTC/USDT" in noted.reason) == ("outside_entry", True)
    assert bench.engine.state.tiers.history.violations
    assert [one.request.side for one in submits(step)] == [Side.SELL]


@pytest.mark.parametrize("qty", ["0.0004", "0.00045"])
def test_within_the_cap_and_its_tolerance_it_is_none(bench: Bench, qty: str) -> None:
    assert only(elsewhere(bench, qty), ViolationNoted) == []


def test_one_purchase_in_parts_is_one_violation_and_is_not_told_twice(bench: Bench) -> None:
    parts = [("0.0004", 1), ("0.0004", 2), ("0.0004", 3), ("0.0004", 3)]
    noted = [one for qty, n in parts for one in only(elsewhere(bench, qty, n), ViolationNoted)]
    assert len(noted) == 1


def test_a_sale_is_none(bench: Bench) -> None:
    elsewhere(bench, "0.0005")
    assert only(elsewhere(bench, "0.0001", 2, Side.SELL), ViolationNoted) == []


def test_what_is_found_at_a_start_may_be_an_order_of_ours_that_was_lost(bench: Bench) -> None:
    bench.start(2)
    assert only(elsewhere(bench, "0.0005"), ViolationNoted) == []


def test_so_may_what_is_found_beside_a_broken_record(bench: Bench) -> None:
    bench.tell(HealthReported(bench.now_ns, RECORD, "failed", "event 7 is not what it was"))
    assert only(elsewhere(bench, "0.0005"), ViolationNoted) == []


def test_the_slippage_of_an_order_of_ours_is_none(bench: Bench) -> None:
    (entry,) = submits(bench.buy("25"))
    bench.accept(entry.key)
    assert only(bench.fill(entry, "90000"), ViolationNoted) == []
