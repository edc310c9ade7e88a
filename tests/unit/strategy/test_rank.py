"""Order of wishes."""

from genesis.domain.orders import Side
from genesis.strategy import Intent
from genesis.strategy.rank import rank


def wish(why: str, **given: object) -> Intent:
    return Intent("BTC/USDT", Side.BUY, why=why, **given)


def test_what_lowers_risk_goes_first_then_confidence_then_the_given_order():
    found = rank(
        [
            wish("none"),
            wish("low", confidence=0.2),
            wish("exit", reduces=True),
            wish("high", confidence=0.9),
            wish("also none"),
        ]
    )
    assert [intent.why for intent in found] == ["exit", "high", "low", "none", "also none"]
