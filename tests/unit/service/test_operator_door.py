from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.events import OperatorActed
from genesis.domain.orders import OrderType, Side
from genesis.service.operator import Door, Manner, NotUnderstood, with_stop

D = Decimal
DOOR = Door(("BTC/USDT", "ETH/USDT", "ETH/BTC"))


def read(text: str) -> OperatorActed:
    return DOOR.read(text, 7)


@pytest.mark.parametrize("name", ["btc", "BTC/USDT", "btcusdt", "btc-usdt", "BTC"])
def test_every_spelling_of_a_symbol(name: str) -> None:
    act = read(f"buy 100 usdt {name}")
    assert act == OperatorActed(
        7,
        "ORDER_SUBMIT",
        verb="trade",
        symbol="BTC/USDT",
        side=Side.BUY,
        order_type=OrderType.MARKET,
        amount_usdt=D(100),
        parse_ok=True,
    )


def test_an_amount_in_base_a_limit_and_a_stop_in_any_order() -> None:
    act = read("BUY 0.5 BTC btc stop 58000 limit 60000.5")
    assert (act.qty, act.amount_usdt) == (D("0.5"), None)
    assert (act.order_type, act.price, act.stop_new) == (OrderType.LIMIT, D("60000.5"), D(58000))
    assert act.reduces_risk is False


def test_selling_and_closing_reduce_risk() -> None:
    sell = read("sell 100 usdt btc")
    assert (sell.kind, sell.side, sell.reduces_risk) == ("ORDER_SUBMIT", Side.SELL, True)
    close = read("close btc")
    assert (close.verb, close.symbol, close.reduces_risk) == ("close", "BTC/USDT", True)
    everything = read("close all")
    assert (everything.verb, everything.symbol, everything.reduces_risk) == (
        "close_all",
        None,
        True,
    )


def test_the_other_verbs() -> None:
    assert (read("cancel all").kind, read("cancel all").verb) == ("ORDER_CANCEL", "cancel_all")
    halt = read("halt the news is out")
    assert (halt.verb, halt.reason, halt.reduces_risk) == ("halt", "the news is out", True)
    assert read("status").verb == "status"
    stop = read("stop btc 60000")
    assert (stop.kind, stop.verb, stop.stop_new) == ("STOP_MODIFY", "stop", D(60000))


@pytest.mark.parametrize(
    ("old", "new", "reduces"),
    [("59000", "59500", True), ("59000", "58000", False), (None, "1", True)],
)
def test_only_a_tighter_stop_reduces_risk(old: str | None, new: str, reduces: bool) -> None:
    act = with_stop(read(f"stop btc {new}"), None if old is None else D(old), D(60000))
    assert act.reduces_risk is reduces
    assert act.entry == D(60000)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "nothing"),
        ("hold btc", "'hold' is no command"),
        ("buy", "needs an amount"),
        ("buy x usdt btc", "'x' is not a number"),
        ("buy -5 usdt btc", "positive"),
        ("buy 1e5 usdt btc", "positive"),
        ("buy nan usdt btc", "positive"),
        ("buy inf usdt btc", "positive"),
        ("buy 5 eur btc", "USDT or BTC"),
        ("buy 5 usdt doge", "no symbol 'doge'"),
        ("buy 5 usdt eth", "no symbol 'eth'"),
        ("buy 5 usdt btc limit", "limit PRICE"),
        ("buy 5 usdt btc limit 1 limit 2", "limit PRICE"),
        ("buy 5 usdt btc now", "'now'"),
        ("sell 5 usdt btc stop 3", "takes no stop"),
        ("sell 5 usdt btc limit 80000", "at the market for now"),
        ("close", "close SYMBOL"),
        ("cancel btc", "cancel all"),
        ("stop btc", "symbol and a price"),
        ("halt", "reason"),
        ("status please", "nothing after"),
    ],
)
def test_what_is_not_understood_says_why(text: str, says: str) -> None:
    with pytest.raises(NotUnderstood) as found:
        read(text)
    assert says in found.value.message
    assert "\n" not in found.value.message


@given(st.text(max_size=60))
def test_any_text_is_an_act_or_not_understood(text: str) -> None:
    try:
        assert read(text).verb in {
            "trade",
            "close",
            "close_all",
            "cancel_all",
            "stop",
            "halt",
            "status",
        }
    except NotUnderstood as problem:
        assert problem.message


def test_intents_are_read_like_words() -> None:
    intent = {"side": "buy", "symbol": "btc", "amount_usdt": 100, "price": "60000", "type": "limit"}
    assert DOOR.read_intent(intent, 7) == read("buy 100 usdt btc limit 60000")
    assert DOOR.read_intent({"symbol": "BTC/USDT", "reduces": True}, 7) == read("close btc")


def test_an_intent_takes_every_field_of_a_wish() -> None:
    wish = {"side": "buy", "symbol": "btc", "qty": 3e-05, "stop": 66000.5}
    act = DOOR.read_intent(wish | {"why": "the range broke", "confidence": 0.7}, 7)
    assert (act.qty, act.stop_new, act.reason) == (D("0.00003"), D("66000.5"), "the range broke")


def test_an_intent_without_a_size_leaves_it_to_the_gate_and_a_sale_is_of_all() -> None:
    act = DOOR.read_intent({"side": "buy", "symbol": "btc"}, 7)
    assert (act.verb, act.side, act.qty, act.amount_usdt) == ("trade", Side.BUY, None, None)
    limit = {"side": "buy", "symbol": "btc", "type": "limit", "price": 60000}
    assert DOOR.read_intent(limit, 7).price == 60000
    assert DOOR.read_intent({"side": "sell", "symbol": "btc"}, 7) == read("close btc")


def test_an_intent_may_cancel() -> None:
    act = DOOR.read_intent({"symbol": "btc", "side": "buy", "cancel": "1-2-0"}, 7)
    assert (act.kind, act.verb) == ("ORDER_CANCEL", "cancel_all")


@pytest.mark.parametrize(
    ("intent", "says"),
    [
        ({"symbol": "btc"}, "side"),
        ({"side": "buy", "symbol": "btc", "reduces": True}, "a buy reduces nothing"),
        ({"symbol": "btc", "reduces": "false"}, "reduces is true or false"),
        ({"side": "sell", "symbol": "btc", "qty": 1, "type": "limit", "price": 3}, "at the market"),
        ({"side": "buy", "symbol": "btc", "type": "iceberg"}, "market or limit"),
        ({"side": "buy", "symbol": "btc", "confidence": 3}, "from 0 to 1"),
        ({"side": "buy", "symbol": "btc", "qty": ""}, "not a number"),
        ({"side": "buy", "symbol": "btc", "qty": True}, "not a number"),
        ({"side": "buy", "symbol": "btc", "qty": float("inf")}, "not a positive amount"),
        ({"side": "buy", "symbol": "btc", "qty": 1, "amount_usdt": 1}, "not both"),
        ({"side": "hold", "symbol": "btc", "qty": 1}, "side"),
        ({"side": "buy", "symbol": "btc", "qty": 1, "price": 3}, "limit order has a price"),
        ({"side": "buy", "symbol": "btc", "qty": 1, "leverage": 3}, "leverage"),
        ({"side": "buy", "qty": 1}, "symbol"),
    ],
)
def test_bad_intents_say_why(intent: dict[str, object], says: str) -> None:
    with pytest.raises(NotUnderstood, match=says):
        DOOR.read_intent(intent, 7)


def test_the_manner_is_kept_beside_the_act() -> None:
    act = Manner("s", 120, 9, 1, True, 2000).of(read("close btc"))
    assert (act.session_id, act.latency_ms, act.keys, act.backspaces) == ("s", 120, 9, 1)
    assert (act.checklist_done, act.dwell_ms) == (True, 2000)


def test_steps_of_the_tier() -> None:
    down = read("step down")
    assert (down.kind, down.verb, down.reduces_risk) == ("COMMAND", "step_down", True)
    reset = read("reset I chased the market and stop now")
    assert (reset.verb, reset.reason) == ("reset", "I chased the market and stop now")
    live = read("go live I trade  what I can lose ")
    assert (live.kind, live.verb) == ("CEREMONY_STEP", "go_live")
    assert live.phrase == "I trade  what I can lose "  # every space counts
    for wrong in ("step", "step up", "reset", "go", "go live", "go home now"):
        with pytest.raises(NotUnderstood):
            read(wrong)
