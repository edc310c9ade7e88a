"""Real money is traded with a key that reads and trades, and can do nothing worse."""

from typing import Any

import pytest

from genesis.exchange.key_scope import read_scope, unfit
from genesis.exchange.loopback.access import Permissions


def told(**changed: Any) -> dict[str, Any]:
    return {**Permissions().told(), **changed}


def test_a_key_that_reads_and_trades_from_here_only_is_fit() -> None:
    assert unfit(read_scope(told()), any_address=False) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"enableReading": False}, "may not read and trade"),
        ({"enableSpotAndMarginTrading": False}, "may not read and trade"),
        ({"enableWithdrawals": True}, "may move money out"),
        ({"enableInternalTransfer": True}, "may move money out"),
        ({"permitsUniversalTransfer": True}, "may move money out"),
        ({"ipRestrict": False}, "works from every address"),
        ({"enableMargin": True}, "more can be lost"),
        ({"enableFutures": True}, "more can be lost"),
        ({"enableVanillaOptions": True}, "more can be lost"),
    ],
)
def test_any_other_is_not_and_says_why(changed: dict[str, Any], said: str) -> None:
    (reason,) = unfit(read_scope(told(**changed)), any_address=False)
    assert said in reason


def test_every_reason_is_told_at_once() -> None:
    scope = read_scope(told(enableWithdrawals=True, ipRestrict=False, enableReading=False))
    assert len(unfit(scope, any_address=False)) == 3


def test_an_owner_may_accept_every_address_and_nothing_else() -> None:
    assert unfit(read_scope(told(ipRestrict=False)), any_address=True) == []
    assert unfit(read_scope(told(enableWithdrawals=True)), any_address=True)
