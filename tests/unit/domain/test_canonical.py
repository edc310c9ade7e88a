import json
import subprocess
import sys
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from enum import Enum
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain import commands, events, outcomes
from genesis.domain.canonical import canonical, plain
from genesis.domain.fills import Fill, Liquidity
from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderRequest, OrderType, Purpose, Side

REQUEST = OrderRequest(
    "BTC/USDT", Side.BUY, OrderType.LIMIT, Decimal("0.00037"), Purpose.ENTRY, Decimal("67453.20")
)
SUBMIT = commands.SubmitOrder(1_723_075_200_000_000_000, OrderKey(3, 14, 1), REQUEST)
ticks = st.builds(
    events.TradeTick,
    ts_ns=st.integers(0, 2**62),
    symbol=st.sampled_from(["BTC/USDT", "ETH/USDT"]),
    trade_id=st.integers(0, 2**62),
    price=st.decimals(min_value=0, max_value=10**6, places=8),
    qty=st.decimals(min_value=0, max_value=10**6, places=8),
    buyer_is_maker=st.booleans(),
)


def test_by_hand() -> None:
    assert canonical(REQUEST) == (
        '{"client_ref":null,"limit_price":"67453.2","post_only":false,"purpose":"ENTRY",'
        '"qty":"0.00037","side":"BUY","source":"","stop_plan":null,"stop_price":null,'
        '"symbol":"BTC/USDT","type":"LIMIT","why":""}'
    )
    fill = Fill(
        "BTC/USDT", Side.SELL, 9, Decimal(5), Decimal(1), Decimal("0.010"), "USDT", Liquidity.TAKER
    )
    assert canonical((fill, None, 7, True)) == (
        '[{"fee":"0.01","fee_asset":"USDT","liquidity":"TAKER","price":"5","qty":"1",'
        '"side":"SELL","symbol":"BTC/USDT","trade_id":9},null,7,true]'
    )


def test_the_run_is_left_out_of_order_keys_only_when_asked() -> None:
    assert json.loads(canonical(SUBMIT))["key"] == [3, 14, 1]
    assert json.loads(canonical(SUBMIT, with_run=False))["key"] == [14, 1]
    reborn = replace(SUBMIT, key=OrderKey(8, 14, 1))
    assert canonical(reborn) != canonical(SUBMIT)
    assert canonical(reborn, with_run=False) == canonical(SUBMIT, with_run=False)
    nested = (SUBMIT, (SUBMIT,))
    assert canonical(nested, with_run=False).count("[14,1]") == 2


@given(ticks)
def test_equal_records_have_equal_text_however_their_amounts_were_written(
    tick: events.TradeTick,
) -> None:
    twin = replace(tick, price=Decimal(f"{tick.price:f}0"), qty=tick.qty.normalize())
    assert twin == tick
    assert canonical(twin) == canonical(tick)


@given(ticks, ticks)
def test_different_records_have_different_text(a: events.TradeTick, b: events.TradeTick) -> None:
    assert (a == b) == (canonical(a) == canonical(b))


@given(ticks)
def test_the_text_is_json_that_holds_every_field_exactly(tick: events.TradeTick) -> None:
    told = json.loads(canonical(tick))
    assert list(told) == sorted(field.name for field in fields(tick))
    assert Decimal(told["price"]) == tick.price
    assert told["ts_ns"] == tick.ts_ns


def test_words_in_every_script_stay_readable() -> None:
    assert canonical(("Öl · 価格",)) == '["Öl · 価格"]'


class Colour(Enum):
    RED = 1


@dataclass(frozen=True)
class Holder:
    value: Any


@pytest.mark.parametrize("value", [1.5, {1}, {"a": 1}, [1], b"x", object(), float("nan")])
def test_what_has_no_canonical_text_is_refused_wherever_it_hides(value: object) -> None:
    for record in (value, (value,), Holder(value), Holder((Holder(value),))):
        with pytest.raises(TypeError, match="no canonical text"):
            canonical(record)


def test_enums_are_told_by_name() -> None:
    assert plain(Colour.RED) == "RED"


@pytest.mark.parametrize("union", [events.Event, outcomes.Outcome, commands.Command])
def test_every_record_is_frozen_slotted_and_of_kinds_that_have_a_text(union: Any) -> None:
    for kind in get_args(union):
        assert kind.__dataclass_params__.frozen, kind
        assert "__slots__" in kind.__dict__, kind
        for field in fields(kind):
            assert "float" not in str(field.type), f"{kind.__name__}.{field.name}"
            assert "dict" not in str(field.type), f"{kind.__name__}.{field.name}"


def test_no_two_records_share_a_name() -> None:
    kinds = [
        kind
        for union in (events.Event, outcomes.Outcome, commands.Command)
        for kind in get_args(union)
    ]
    names = [kind.__name__ for kind in kinds]
    assert len(names) == len(set(names))


def test_the_text_is_the_same_under_every_hash_seed() -> None:
    code = (
        "from tests.unit.domain.test_canonical import SUBMIT\n"
        "from genesis.domain.canonical import canonical\n"
        "print(canonical(SUBMIT))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join([".", *sys.path])},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert told == {canonical(SUBMIT)}
