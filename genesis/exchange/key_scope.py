"""What a venue key may do, and whether it is fit to trade real money with. Pure.

Source of the field names: Binance Wallet API, "Get API Key Permission"
(GET /sapi/v1/account/apiRestrictions).
"""

from dataclasses import dataclass
from typing import Any, Final

_OWING: Final = (
    "enableMargin",
    "enableFutures",
    "enableVanillaOptions",
    "enablePortfolioMarginTrading",
)


@dataclass(frozen=True, slots=True)
class KeyScope:
    """owes: it may trade on margin, futures or options, where more can be lost than is there.
    is_bound: it works from named addresses only.
    """

    reads: bool
    trades: bool
    withdraws: bool
    is_bound: bool
    owes: bool = False


def read_scope(body: dict[str, Any]) -> KeyScope:
    """From the venue's record of a key. Any way for money to leave counts as withdrawing."""
    return KeyScope(
        reads=bool(body["enableReading"]),
        trades=bool(body["enableSpotAndMarginTrading"]),
        withdraws=bool(
            body["enableWithdrawals"]
            or body.get("enableInternalTransfer")
            or body.get("permitsUniversalTransfer")
        ),
        is_bound=bool(body["ipRestrict"]),
        owes=any(body.get(name) for name in _OWING),
    )


def play_scope(account: dict[str, Any]) -> KeyScope:
    """On a test network: the money there is worth nothing to whoever finds the key."""
    trades = bool(account.get("canTrade", False))
    return KeyScope(reads=True, trades=trades, withdraws=False, is_bound=True)


def unfit(scope: KeyScope, *, any_address: bool) -> list[str]:
    """Why a key must not be used, one sentence each with what to do; empty: it may be.

    any_address: its owner accepts a key that works from everywhere.
    """
    found = []
    if not (scope.reads and scope.trades):
        found.append(
            "the key may not read and trade: allow reading and spot trading for it at the venue"
        )
    if scope.withdraws:
        found.append(
            "the key may move money out of the account: make one without withdrawals and "
            "transfers, so that whoever finds it cannot empty the account"
        )
    if scope.owes:
        found.append(
            "the key may trade on margin, futures or options, where more can be lost than the "
            "account holds: allow spot trading alone"
        )
    if not scope.is_bound and not any_address:
        found.append(
            "the key works from every address: bind it to this machine's at the venue (or set "
            "GENESIS_KEY_ANY_ADDRESS=1 and know that whoever finds it can trade)"
        )
    return found
