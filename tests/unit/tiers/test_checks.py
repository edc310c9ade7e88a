from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest

from genesis.domain.account import Tier, TierMode
from genesis.domain.events import AccountOpened
from genesis.domain.orders import OrderType
from genesis.domain.outcomes import AlertRaised, Halted
from genesis.errors import TierViolation
from genesis.rules import load
from genesis.tiers.checks import check, multiplier
from genesis.tiers.desk import TierDesk
from genesis.tiers.features import available_features, opened_by, requires_tier, tier_of
from genesis.tiers.state import TierState

TABLE = load("sniper").tiers
BTC, ETH = "BTC/USDT", "ETH/USDT"


def at(tier: Tier, mode: TierMode = TierMode.ACTIVE) -> TierState:
    return TierState(tier, mode, 0)


def code(
    tier: Tier = Tier.SNIPER,
    mode: TierMode = TierMode.ACTIVE,
    order_type: OrderType = OrderType.MARKET,
    strategy_tier: Tier | None = None,
    strategy: str | None = None,
    busy: frozenset[str] = frozenset(),
) -> str | None:
    found = check(order_type, BTC, strategy_tier, strategy, at(tier, mode), TABLE, busy)
    return None if found is None else found.code


def test_a_sniper_may_market_and_limit_one_symbol() -> None:
    assert code() is None
    assert code(order_type=OrderType.LIMIT) is None
    assert code(busy=frozenset({BTC})) is None
    assert code(busy=frozenset({ETH})) == "TIER_FEATURE_LOCKED"
    assert code(order_type=OrderType.STOP_LOSS) == "TIER_FEATURE_LOCKED"


def test_a_hunter_has_five_symbols_and_an_architect_no_limit() -> None:
    names = frozenset(f"C{i}/USDT" for i in range(5))
    assert code(Tier.HUNTER, busy=names - {"C4/USDT"}) is None
    assert code(Tier.HUNTER, busy=names) == "TIER_FEATURE_LOCKED"
    assert code(Tier.HUNTER, busy=(names - {"C4/USDT"}) | {BTC}) is None
    assert code(Tier.ARCHITECT, busy=frozenset(f"C{i}/USDT" for i in range(50))) is None


@pytest.mark.parametrize("tier", Tier)
@pytest.mark.parametrize("needed", Tier)
def test_a_strategy_runs_from_its_tier_up(tier: Tier, needed: Tier) -> None:
    locked = needed.rank > tier.rank
    assert code(tier, strategy_tier=needed) == ("TIER_FEATURE_LOCKED" if locked else None)


def test_a_strategy_that_lies_about_its_tier_is_known_by_its_name() -> None:
    assert code(strategy_tier=Tier.SNIPER, strategy="market_making") == "TIER_FEATURE_LOCKED"
    assert code(strategy_tier=Tier.SNIPER, strategy="spread_capture") is None
    assert code(strategy_tier=Tier.SNIPER, strategy="my_own") is None


def test_halted_refuses_every_entry() -> None:
    assert code(Tier.ARCHITECT, TierMode.HALTED) == "TRADING_HALTED"


@pytest.mark.parametrize(
    ("mode", "times", "cap"),
    [
        (TierMode.ACTIVE, "1", None),
        (TierMode.OPENING48, "0", None),
        (TierMode.GO_LIVE, "1", "10"),
        (TierMode.ADJUST48, "0.5", None),
        (TierMode.EMERGENCY, "1", "10"),
        (TierMode.RECOVERY, "0.25", None),
        (TierMode.HALTED, "0", None),
    ],
)
def test_what_a_mode_does_to_sizes(mode: TierMode, times: str, cap: str | None) -> None:
    expected = (Decimal(times), None if cap is None else Decimal(cap))
    assert multiplier(at(Tier.SNIPER, mode), TABLE) == expected


def test_every_tier_has_more_than_the_one_below() -> None:
    features = [available_features(tier, TABLE) for tier in Tier]
    for lower, higher in pairwise(features):
        assert lower < higher
    assert tier_of("iceberg_hunter", TABLE) is Tier.HUNTER
    assert tier_of("time_machine", TABLE) is None


def test_requires_tier_asks_at_each_call() -> None:
    now = [at(Tier.SNIPER)]
    ran: list[int] = []

    @requires_tier(Tier.HUNTER, lambda: now[0])
    def iceberg(n: int) -> int:
        """Slices."""
        ran.append(n)
        return n

    with pytest.raises(TierViolation, match="iceberg unlocks in HUNTER; this account is SNIPER"):
        iceberg(1)
    now[0] = at(Tier.STRATEGIST)
    assert iceberg(2) == 2
    now[0] = at(Tier.SNIPER)
    with pytest.raises(TierViolation):
        iceberg(3)
    assert ran == [2]
    assert iceberg.__doc__ == "Slices."


def test_the_desk_folds_what_the_engine_tells_it() -> None:
    desk = TierDesk(TABLE)
    assert (desk.state.mode, desk.multiplier()) == (TierMode.HALTED, (Decimal(0), None))
    (first,) = desk.opened(AccountOpened(7, "one", "loopback", True, "USDT", ()))
    assert (first.tier, first.mode) == (Tier.SNIPER, TierMode.ACTIVE)
    (second,) = desk.daily_loss(AlertRaised(8, "DAILY_LOSS", "day", Decimal(76), Decimal(75)))
    assert (second.old_mode, second.mode) == (TierMode.ACTIVE, TierMode.EMERGENCY)
    assert desk.multiplier() == (Decimal(1), Decimal(10))
    desk.set_rules(load("research").tiers)
    assert desk.state.mode is TierMode.EMERGENCY
    (third,) = desk.halted(Halted(9, "drawdown", "75 USDT lost"))
    assert (third.mode, third.reason) == (TierMode.HALTED, "75 USDT lost")
    assert desk.halted(Halted(10, "drawdown", "again")) == ()


def test_a_tier_opens_sliced_orders_only_where_the_rules_know_them() -> None:
    """Records of before keep the words they were told in."""
    opened = opened_by(Tier.HUNTER, Tier.SNIPER, TABLE)
    assert opened == ["iceberg_hunter", "multi_pair", "twap_hunter"]
    assert opened_by(Tier.STRATEGIST, Tier.HUNTER, TABLE) == ["vwap_strategist"]
    before = replace(TABLE, knows_slices=False)
    assert opened_by(Tier.HUNTER, Tier.SNIPER, before) == ["multi_pair"]
