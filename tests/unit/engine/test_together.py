"""Positions that move together: the cap they share, the alert, what people are told."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from genesis.domain.commands import SubmitOrder
from genesis.domain.events import BarClosed, InstrumentReported, OrderFilled, TradeTick
from genesis.domain.fills import Fill, Liquidity
from genesis.domain.outcomes import CorrelationAlerted, OrderApproved, OrderRefused
from genesis.domain.time import MINUTE
from genesis.engine.step import Step
from genesis.service.api.headroom import headroom
from tests.support.build import BTC
from tests.support.engines import SYMBOL, Bench, only, submits

D = Decimal
ETH, SOL = "ETH/USDT", "SOL/USDT"
SLOT = 5 * MINUTE
WIDE = """
name = "wide"
[tiers]
opening_tier = "HUNTER"
[risk]
open_risk = "none"
mark_stale_s = 86400
[risk.tiers.HUNTER]
ceiling_usdt = "none"
position_fraction = 0.2
exposure_fraction = 1
drawdown = "none"
rolling = "none"
"""


def benched(rules: str, shares: dict[str, float], slots: int = 100) -> Bench:
    """Symbols at a price of 100; of each one's moves this share is one that all of them make."""
    bench = Bench(rules, cash="10000", price="100")
    for symbol in (ETH, SOL):
        base = symbol.split("/")[0]
        bench.tell(InstrumentReported(bench.now_ns, replace(BTC, symbol=symbol, base=base)))
    told(bench, shares, slots)
    return bench


def told(bench: Bench, shares: dict[str, float], slots: int) -> list[Step]:
    rng = np.random.default_rng(len(bench.steps))
    common = rng.standard_normal(slots)
    own = {
        s: share * common + (1 - share) * rng.standard_normal(slots) for s, share in shares.items()
    }
    steps = []
    for slot in range(slots):
        bench.later(300)
        for symbol in shares:
            price = D(str(round(100 + float(own[symbol][slot]) / 100, 4)))
            if slot == slots - 1:
                price = D(100)
            bench.tell(TradeTick(bench.now_ns, symbol, slot, price, D(1), False))
            at = bench.now_ns // SLOT * SLOT
            steps.append(
                bench.tell(BarClosed(at, symbol, MINUTE, price, price, price, price, D(1)))
            )
    return steps


def buy(bench: Bench, symbol: str, usdt: str = "5000") -> Step:
    return bench.buy(usdt, symbol=symbol)


def bought(bench: Bench, symbol: str, usdt: str = "5000") -> Decimal:
    """What was bought of it, in USDT; the order is filled and its stop accepted."""
    (entry,) = submits(buy(bench, symbol, usdt))
    bench.accept(entry.key)
    step = fill(bench, entry)
    bench.accept(submits(step)[0].key)
    return entry.request.qty * 100


def fill(bench: Bench, entry: SubmitOrder) -> Step:
    made = Fill(
        entry.request.symbol,
        entry.request.side,
        entry.key.n,
        D(100),
        entry.request.qty,
        D(0),
        "USDT",
        Liquidity.TAKER,
    )
    return bench.tell(OrderFilled(bench.now_ns, entry.key, made))


@pytest.fixture
def rules(tmp_path: Path) -> str:
    path = tmp_path / "wide.toml"
    path.write_text(WIDE)
    return str(path)


TOGETHER = {SYMBOL: 0.95, ETH: 0.95, SOL: 0.0}


def test_what_moves_together_shares_one_and_a_half_caps(rules: str) -> None:
    bench = benched(rules, TOGETHER)
    first = bought(bench, SYMBOL)
    assert 1950 < first <= 2000
    second = bought(bench, ETH)
    assert 2950 < first + second <= 3000
    refused = only(buy(bench, ETH), OrderRefused)[0].failures[0]
    assert refused.code == "CLUSTER_REACHED"
    assert "leaves room for" in refused.reason


def test_what_moves_by_itself_has_its_own_cap(rules: str) -> None:
    bench = benched(rules, TOGETHER)
    bought(bench, SYMBOL)
    assert 1950 < bought(bench, SOL) <= 2000


def test_what_is_not_known_yet_counts_as_one_bet(rules: str) -> None:
    bench = benched(rules, TOGETHER, slots=50)
    first = bought(bench, SYMBOL)
    assert 2950 < first + bought(bench, SOL) <= 3000


def test_a_working_entry_takes_its_room_already(rules: str) -> None:
    bench = benched(rules, TOGETHER)
    submits(buy(bench, SYMBOL))
    approved = only(buy(bench, ETH), OrderApproved)[0]
    assert (
        950 < approved.request.qty * 100 <= 1002
    )  # what is on its way is valued at the last trade


def test_two_open_positions_that_move_together_are_told_once_and_cleared(rules: str) -> None:
    bench = benched(rules, TOGETHER)
    bought(bench, SYMBOL)
    (entry,) = submits(buy(bench, ETH))
    bench.accept(entry.key)
    (alert,) = only(fill(bench, entry), CorrelationAlerted)
    assert (alert.first, alert.second, alert.raised) == (SYMBOL, ETH, True)
    assert D("0.8") < alert.correlation <= D("0.9")
    steps = told(bench, dict.fromkeys(TOGETHER, 0.0), 300)
    alerts = [one for step in steps for one in only(step, CorrelationAlerted)]
    assert [one.raised for one in alerts] == [False]
    assert alerts[0].correlation < D("0.55")


def test_people_see_the_matrix_of_what_they_follow(rules: str) -> None:
    bench = benched(rules, TOGETHER)
    found = headroom(bench.engine)["correlation"]
    assert found["symbols"] == [SYMBOL, ETH, SOL]
    assert [row[i] for i, row in enumerate(found["rows"])] == [1, 1, 1]
    assert found["rows"][0][1] == found["rows"][1][0] > 0.8
    assert headroom(Bench("sniper").engine)["correlation"] is None


def test_sizes_are_halved_while_all_symbols_move_as_one(rules: str) -> None:
    bench = benched(rules, dict.fromkeys(TOGETHER, 0.97))
    step = buy(bench, SYMBOL)
    assert 950 < only(step, OrderApproved)[0].request.qty * 100 <= 1000
    assert "while all symbols move as one sizes are 50 %" in only(step, OrderApproved)[0].notes[0]
    assert headroom(bench.engine)["multiplier_code"] == "CORRELATION_SPIKE"


@pytest.mark.parametrize("shares", [TOGETHER, {SYMBOL: 0.97, ETH: 0.97}])
def test_two_that_move_as_one_are_no_spike(rules: str, shares: dict[str, float]) -> None:
    assert headroom(benched(rules, shares).engine)["multiplier"] == "1"


@given(
    st.lists(
        st.tuples(st.sampled_from([SYMBOL, ETH, SOL]), st.integers(10, 4000), st.booleans()),
        max_size=7,
    ),
    st.sampled_from([TOGETHER, dict.fromkeys(TOGETHER, 0.95), dict.fromkeys(TOGETHER, 0.0)]),
)
@example(wishes=[(SYMBOL, 4000, True), (ETH, 4000, True)], shares=TOGETHER)
@settings(max_examples=15, deadline=None)
def test_i22_no_approved_order_lifts_a_cluster_over_its_cap(
    tmp_path_factory: pytest.TempPathFactory, wishes, shares
) -> None:
    path = tmp_path_factory.mktemp("rules") / "wide.toml"
    path.write_text(WIDE)
    bench = benched(str(path), shares, slots=70)
    view = bench.engine.view
    for symbol, usdt, is_filled in wishes:
        approvals = only(buy(bench, symbol, str(usdt)), OrderApproved)
        if approvals and is_filled:
            order = SubmitOrder(bench.now_ns, approvals[0].key, approvals[0].request)
            bench.accept(order.key)
            fill(bench, order)
        if shares[SYMBOL] and shares[ETH]:
            members = [SYMBOL, ETH] if not shares[SOL] else [SYMBOL, ETH, SOL]
            assert sum(view.held_usdt(one) for one in members) <= D("1.5") * D(2001)
        for one in shares:
            assert view.held_usdt(one) <= D(2001)
