"""The days behind the gates: closes, young deposits, profitable days, violations."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.account import Tier
from genesis.domain.events import AccountOpened
from genesis.domain.time import DAY, HOUR, MINUTE
from genesis.rules import load
from genesis.tiers.desk import TierDesk
from genesis.tiers.gates import all_passed
from genesis.tiers.history import TierHistory

D = Decimal
TABLE = load("sniper").tiers
GATES = TABLE.gates[Tier.SNIPER]
FIRST = 20_000


class Account:
    """Cash that trades and flows, day by day."""

    def __init__(self, cash: str = "1000") -> None:
        self.history = TierHistory(30)
        self.equity, self.flows, self.day = D(cash), D(0), FIRST
        self.history.begin(self.day, self.equity, self.flows)

    def flow(self, amount: str | Decimal, hour: int = 12) -> None:
        self.equity += D(amount)
        self.flows += D(amount)
        self.history.flow(self.day * DAY + hour * HOUR, D(amount))

    def trade(self, result: str | Decimal) -> None:
        self.equity += D(result)
        self.history.traded()
        self.history.trade_closed(self.day * DAY + 13 * HOUR)

    def night(self, days: int = 1) -> None:
        self.day += days
        self.history.begin(self.day, self.equity, self.flows)

    @property
    def facts(self):
        now_ns = self.day * DAY + 5 * MINUTE
        return self.history.facts(FIRST * DAY, now_ns, GATES)


def test_a_profitable_day_is_traded_and_above_one_basis_point_without_flows() -> None:
    account = Account("1000")
    account.trade("0.10")  # exactly one basis point
    account.night()
    account.trade("0.11")
    account.flow("500")  # not a result
    account.night()
    account.equity += D(50)  # a mark that rose, and nobody traded
    account.night()
    account.trade("-1")
    account.night()
    assert (account.facts.trading_days, account.facts.profitable_days) == (3, 1)
    assert account.facts.days_at_tier == 4


def test_closing_capital_leaves_young_deposits_out_for_thirty_days() -> None:
    account = Account("1000")
    account.flow("1500")
    for _ in range(30):
        account.night()
    assert account.facts.closing_capital_usdt[-1] == 1000
    account.night()  # the deposit was made at noon: thirty days are over at this close
    assert account.facts.closing_capital_usdt[-1] == 2500


def test_taking_the_same_money_out_again_is_neutral() -> None:
    account = Account("1000")
    account.flow("300")
    account.flow("200")
    account.flow("-400")
    account.night()
    assert account.facts.closing_capital_usdt == (D(1000),)
    account.flow("-250")  # 100 of the deposits and 150 of the old money
    account.night()
    assert account.facts.closing_capital_usdt == (D(1000), D(850))


def test_withdrawals_reduce_at_once() -> None:
    account = Account("3000")
    account.flow("-1500")
    account.night()
    assert account.facts.closing_capital_usdt == (D(1500),)


def test_only_the_days_of_the_tier_count_and_the_last_closes() -> None:
    account = Account()
    for _ in range(5):
        account.trade("1")
        account.night()
    facts = account.history.facts((FIRST + 3) * DAY + HOUR, account.day * DAY, GATES)
    assert (facts.trading_days, facts.profitable_days, facts.days_at_tier) == (2, 2, 2)
    assert len(facts.closing_capital_usdt) == GATES.closes_required


def test_days_on_which_nothing_ran_are_no_closes_of_their_own() -> None:
    account = Account()
    account.trade("5")
    account.night(days=4)
    assert account.facts.closing_capital_usdt == (D(1005),)
    assert account.facts.trading_days == 1


def test_profitable_days_in_a_row_begin_with_the_mode_and_end_with_a_bad_one() -> None:
    account = Account()
    for result in ("1", "1", "-1", "1", None, "2"):
        if result is not None:
            account.trade(result)
        account.night()
    assert account.history.profitable_in_a_row(FIRST * DAY) == 2  # a day off breaks nothing
    assert account.history.profitable_in_a_row((FIRST + 5) * DAY) == 1
    account.trade("-1")
    account.night()
    assert account.history.profitable_in_a_row(FIRST * DAY) == 0


def test_violations_are_forgotten_after_their_window() -> None:
    account = Account()
    account.history.violated(FIRST * DAY)
    last = FIRST * DAY + 30 * DAY
    assert account.history.facts(0, last - 1, GATES).violations == 1
    assert account.history.facts(0, last, GATES).violations == 0


flows = st.lists(
    st.tuples(st.integers(0, 3), st.decimals(-900, 900, places=2, allow_nan=False)), max_size=25
)


def flowed(found: list, extra: tuple[int, Decimal] | None = None) -> Account:
    """An account that never trades; `extra`: a deposit more, before the flow of that number."""
    account = Account("1000")
    for number, (wait, amount) in enumerate(found):
        for _ in range(wait):
            account.night()
        if extra is not None and extra[0] == number:
            account.flow(extra[1])
        if amount and account.equity + amount > 0:
            account.flow(amount)
    account.night()
    return account


@given(flows)
def test_i4_no_flows_of_an_account_that_never_trades_pass_the_gates(found: list) -> None:
    account = flowed(found)
    desk = TierDesk(TABLE)
    desk.opened(AccountOpened(FIRST * DAY, "one", "loopback", True, "USDT", ()))
    desk.history = account.history
    assert not all_passed(desk.gates(account.day * DAY + 5 * MINUTE))
    assert account.facts.profitable_days == account.facts.trading_days == 0


@given(st.lists(st.decimals(2, 900, places=2), min_size=60, max_size=60), st.booleans())
def test_i4_no_flows_make_up_for_the_results_of_one_who_trades(
    amounts: list[Decimal], loses: bool
) -> None:
    """Money comes in on every day, and a little is lost or won by trading: that alone counts."""
    account = Account("10000")
    account.history.is_paper = True
    for amount in amounts:
        account.trade("-1" if loses else "11")
        account.flow(amount)
        account.night()
    desk = TierDesk(TABLE)
    desk.opened(AccountOpened(FIRST * DAY, "one", "loopback", True, "USDT", ()))
    desk.history = account.history
    gates = desk.gates(account.day * DAY + 5 * MINUTE)
    closed = [gate.name for gate in gates if not gate.passed]
    assert closed == (["profitable_days"] if loses else [])
    assert all_passed(gates) is not loses
    assert account.facts.profitable_days == (0 if loses else len(amounts))


@given(flows, st.decimals(1, 5000, places=2), st.integers(0, 24))
def test_i5_a_deposit_more_never_raises_the_capital_within_thirty_days(
    found: list, amount: Decimal, place: int
) -> None:
    deposits = [(min(wait, 1), amount) for wait, amount in found if amount > 0]
    extra = (min(place, len(deposits) - 1), amount)
    without, with_it = flowed(deposits), flowed(deposits, extra)
    assert with_it.facts.closing_capital_usdt == without.facts.closing_capital_usdt


# -- the desk --------------------------------------------------------------------------------
@pytest.fixture
def desk() -> TierDesk:
    desk = TierDesk(TABLE)
    desk.opened(AccountOpened(FIRST * DAY, "one", "loopback", True, "USDT", ()))
    return desk


def test_i8_a_day_is_evaluated_once(desk: TierDesk) -> None:
    at = (FIRST + 1) * DAY + 5 * MINUTE
    (told,) = desk.evaluate(at, is_calm=True, is_free=True)
    assert (told.day, told.ts_ns, len(told.gates)) == (FIRST, at, 6)
    before = desk.state
    for again in (at, at + 1, at + 23 * HOUR):
        assert desk.evaluate(again, is_calm=True, is_free=True) == ()
    assert desk.state == before
    assert desk.evaluate(at + DAY, is_calm=True, is_free=True)


def test_no_evaluation_before_five_past_and_none_of_a_day_without_an_account(
    desk: TierDesk,
) -> None:
    today = FIRST * DAY + 5 * MINUTE
    assert desk.evaluate(today, is_calm=True, is_free=True) == ()
    early = (FIRST + 1) * DAY + 5 * MINUTE - 1
    assert desk.evaluate(early, is_calm=True, is_free=True) == ()
    assert desk.next_evaluation_ns(early) == early + 1
    assert desk.next_evaluation_ns(early + 1) == early + 1 + DAY


def test_rules_from_before_there_was_a_course_evaluate_nothing() -> None:
    from dataclasses import replace

    old = TierDesk(replace(TABLE, course=None))
    old.opened(AccountOpened(FIRST * DAY, "one", "loopback", True, "USDT", ()))
    assert old.next_evaluation_ns(FIRST * DAY) is None
    assert old.next_wake_ns() is None
    assert old.evaluate((FIRST + 1) * DAY + HOUR, is_calm=True, is_free=True) == ()
