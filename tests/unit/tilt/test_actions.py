from decimal import Decimal
from typing import Any

import pytest

from genesis.rules import load
from genesis.tilt import BadAction, TiltDetector, UserAction
from tests.support.acts import CHASE, act, entry

NONSENSE: list[tuple[str, Any]] = [
    ("ts_us", -1),
    ("ts_us", 1.5),
    ("ts_us", True),
    ("kind", "DANCE"),
    ("kind", 7),
    ("session_id", None),
    ("session_id", 3),
    ("symbol", ""),
    ("symbol", None),
    ("side", "buy low"),
    ("size_fraction", Decimal("NaN")),
    ("size_fraction", Decimal("sNaN")),
    ("size_fraction", float("inf")),
    ("size_fraction", 0),
    ("size_fraction", Decimal("1e-400")),
    ("size_fraction", -1),
    ("size_fraction", "4"),
    ("size_fraction", 10**400),
    ("latency_ms", -1),
    ("keys", 1.5),
    ("parse_ok", "yes"),
    ("stop_new", 0),
    ("pnl_r", float("nan")),
    ("reduces_risk", 1),
    ("market_state", "WILD"),
]


@pytest.mark.parametrize(("field", "value"), NONSENSE)
def test_nonsense_is_refused_by_name_and_changes_nothing(field: str, value: Any) -> None:
    detector = TiltDetector(load("sniper").tilt)
    detector.update_metrics(entry(0))
    before = detector.snapshot()
    given = {"ts_us": 2_000_000_000_000_000, "kind": "ORDER_SUBMIT", "session_id": "s"}
    given |= {"symbol": "BTC/USDT", "size_fraction": 1, field: value}
    with pytest.raises(BadAction) as caught:
        detector.update_metrics(UserAction(**given))
    assert caught.value.field == field
    assert field in str(caught.value)
    assert detector.snapshot() == before


def test_an_unknown_reason_of_a_close_is_refused() -> None:
    detector = TiltDetector(load("sniper").tilt)
    with pytest.raises(BadAction, match="reason"):
        detector.update_metrics(act(0, "POSITION_CLOSED", symbol="BTC/USDT", reason="bad luck"))


def test_a_close_without_symbol_is_refused() -> None:
    detector = TiltDetector(load("sniper").tilt)
    with pytest.raises(BadAction) as caught:
        detector.update_metrics(act(0, "POSITION_CLOSED", pnl_r=1))
    assert caught.value.field == "symbol"


def test_every_kind_is_taken() -> None:
    detector = TiltDetector(load("sniper").tilt)
    for kind in ("COMMAND", "CLICK", "STOP_MODIFY", "JOURNAL_OPEN", "DEPOSIT", "SESSION_END"):
        assert detector.update_metrics(act(1, kind)).score == 0


def test_another_session_id_forgets_nothing() -> None:
    same, other = (TiltDetector(load("sniper").tilt) for _ in range(2))
    for one in CHASE[:2]:
        same.update_metrics(one)
        other.update_metrics(one)
    assert same.update_metrics(entry(43)).score > 0
    assert other.update_metrics(entry(43, session="another")) == same.score()


def test_an_empty_session_id_is_the_session_that_is_on() -> None:
    detector = TiltDetector(load("sniper").tilt)
    for one in CHASE[:2]:
        detector.update_metrics(one)
    assert detector.update_metrics(entry(43, session="")).score > 0
