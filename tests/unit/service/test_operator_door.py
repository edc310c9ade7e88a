from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.events import OperatorActed
from genesis.domain.orders import OrderType, Side
from genesis.domain.time import MINUTE
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


@pytest.mark.parametrize(
    ("text", "symbol", "share"),
    [
        ("close btc 50%", "BTC/USDT", D("0.5")),
        ("CLOSE 12.5% BTC/USDT", "BTC/USDT", D("0.125")),
        ("close half ethusdt", "ETH/USDT", D("0.5")),
        ("close btc 100%", "BTC/USDT", None),
        ("close btc all", "BTC/USDT", None),
        ("sell 50% btc", "BTC/USDT", D("0.5")),
        ("sell btc 50%", "BTC/USDT", D("0.5")),
        ("sell btc half", "BTC/USDT", D("0.5")),
        ("sell all btc", "BTC/USDT", None),
        ("sell btc all", "BTC/USDT", None),
        ("close btc 50 %", "BTC/USDT", D("0.5")),
        ("sell 50 % btc", "BTC/USDT", D("0.5")),
        ("sell btc 50 %", "BTC/USDT", D("0.5")),
        ("sell BTC", "BTC/USDT", None),
    ],
)
def test_a_share_of_a_position_is_closed(text: str, symbol: str, share: Decimal | None) -> None:
    act = read(text)
    assert (act.kind, act.verb, act.symbol, act.share) == ("COMMAND", "close", symbol, share)
    assert act.reduces_risk and act.parse_ok


def test_words_that_leave_no_doubt_are_understood() -> None:
    assert read("sell all") == read("close all")
    assert read("cancel") == read("cancel all")
    assert (read("halt").verb, read("halt").reason) == ("halt", None)
    for asked in ("help", "HELP", "?", "help me", "? buy"):
        assert (read(asked).verb, read(asked).reduces_risk) == ("help", True)


def test_the_help_can_be_typed_as_it_stands() -> None:
    told = "\n".join(DOOR.typed.help)
    lines = [
        "buy 300 usdt btc iceberg",
        "buy 20 usdt btc",
        "buy 0.001 btc btc/usdt",
        "close btc",
        "close btc 50%",
    ]
    for line in (*lines, "sell 10 usdt btc", "close all", "cancel all", "halt", "status"):
        assert line in told and read(line).verb
    assert Door(("ETH/BTC", "ETH/USDT")).typed.help[1].startswith("close ethbtc, close ethbtc 50%")


@pytest.mark.parametrize(
    "line",
    [
        *("byu 100 usdt btc", "buy 100 ustd btc", "buy 100 usdt bct", "buy 9 usdt btc lmit 3"),
        *("exit", "hold btc", "buy", "buy btc", "buy all btc", "reset", "go", "asdf jkl"),
    ],
)
def test_a_line_that_is_not_understood_is_a_slip(line: str) -> None:
    with pytest.raises(NotUnderstood):
        read(line)
    assert DOOR.typed.is_slip(line)


@pytest.mark.parametrize(
    "line",
    [
        *("", "clsoe btc", "cancle all", "slel btc", "hlat", "close", "close bct"),
        *("sell 5 ustd btc", "stop btc", "cancel btc", "step"),
    ],
)
def test_what_asks_for_less_risk_is_no_slip_however_it_is_spelled(line: str) -> None:
    with pytest.raises(NotUnderstood):
        read(line)
    assert not DOOR.typed.is_slip(line)


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
        ("hold btc", "'hold' is no command; `help` shows what can be typed"),
        ("clsoe btc", "'clsoe' is no command: is 'close' meant?"),
        ("bct", "'bct' is no command; `help`"),
        ("buy", "needs an amount"),
        ("buy x usdt btc", "'x' is not a number"),
        ("buy -5 usdt btc", "positive"),
        ("buy 1e5 usdt btc", "positive"),
        ("buy nan usdt btc", "positive"),
        ("buy inf usdt btc", "positive"),
        ("buy 5 eur btc", "USDT or BTC"),
        ("buy 5 usdt doge", "no symbol 'doge'"),
        ("buy 5 usdt eth", "no symbol 'eth'"),
        ("buy btc 100 usdt", "the symbol comes last: buy 100 usdt btc"),
        ("sell BTC/USDT 0.5 btc", "the symbol comes last: sell 0.5 btc BTC/USDT"),
        ("buy btc 5 usdt limit 60000", "the symbol comes last"),
        ("buy btc some usdt", "no symbol 'usdt'"),
        ("buy % btc", "needs an amount"),
        ("close %", "share '' is not a number"),
        ("buy 5 usdt btc limit", "limit PRICE"),
        ("buy 5 usdt btc limit 1 limit 2", "limit PRICE"),
        ("buy 5 usdt btc now", "'now'"),
        ("sell 5 usdt btc stop 3", "takes no stop"),
        ("sell 5 usdt btc limit 80000", "at the market for now"),
        ("close", "close SYMBOL"),
        ("cancel btc", "cancel all"),
        ("stop btc", "symbol and a price"),
        ("close all btc eth", "close SYMBOL 50%"),
        ("close btc 0%", "positive"),
        ("close btc 101%", "at most 100%"),
        ("close btc -5%", "positive"),
        ("close all 50%", "close SYMBOL 50%"),
        ("sell 50% of btc", "close SYMBOL 50%"),
        ("sell", "sell 100 usdt btc"),
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
            "help",
            "step_down",
            "reset",
            "style",
            "go_live",
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
        ({"side": "buy", "symbol": "btc", "type": "pegged"}, "limit, iceberg, twap, vwap"),
        ({"symbol": "btc", "reduces": True, "type": "twap"}, "at the market"),
        ({"side": "buy", "symbol": "btc", "over_minutes": 3}, "not 'over'"),
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


@pytest.mark.parametrize(
    ("line", "algorithm", "minutes", "stop"),
    [
        ("buy 300 usdt btc iceberg", "iceberg", None, None),
        ("buy 300 usdt btc twap", "twap", None, None),
        ("BUY 300 USDT BTC TWAP OVER 30", "twap", 30, None),
        ("buy 300 usdt btc stop 58000 vwap over 1.5", "vwap", Decimal("1.5"), 58000),
    ],
)
def test_an_order_may_be_sent_in_slices(line, algorithm, minutes, stop) -> None:
    act = read(line)
    assert (act.algorithm, act.order_type, act.price) == (algorithm, OrderType.LIMIT, None)
    assert act.over_ns == (None if minutes is None else int(minutes * MINUTE))
    assert act.stop_new == stop
    assert (act.kind, act.verb, act.amount_usdt) == ("ORDER_SUBMIT", "trade", 300)


def test_an_intent_may_be_sent_in_slices() -> None:
    given = {"side": "buy", "symbol": "btc", "amount_usdt": 300, "type": "twap", "over_minutes": 30}
    assert DOOR.read_intent(given, 7) == read("buy 300 usdt btc twap over 30")
    sized = DOOR.read_intent({"side": "buy", "symbol": "btc", "type": "iceberg"}, 7)
    assert (sized.algorithm, sized.qty, sized.amount_usdt) == ("iceberg", None, None)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("buy 300 usdt btc iceberg over 3", "an iceberg has no duration"),
        ("buy 300 usdt btc twap over", "over needs minutes"),
        ("buy 300 usdt btc twap over soon", "minutes 'soon' is not a number"),
        ("buy 300 usdt btc twap over 200000", "too many"),
        ("buy 300 usdt btc twap limit 60000", "twap sets its own limits"),
        ("buy 300 usdt btc twap iceberg", "not 'iceberg'"),
        ("buy 300 usdt btc limit", "not 'limit'"),
        ("sell 300 usdt btc iceberg", "no limit and no slices"),
    ],
)
def test_slices_that_cannot_be_say_why(line: str, says: str) -> None:
    with pytest.raises(NotUnderstood, match=says):
        read(line)
