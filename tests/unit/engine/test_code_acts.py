"""Changed code: only logged on paper; live it waits for a person, and for calm."""

from dataclasses import replace
from decimal import Decimal

import pytest

from genesis.domain.account import Balance, TierMode
from genesis.domain.events import (
    AccountOpened,
    BalanceReported,
    InstrumentReported,
    OperatorActed,
    RunStarted,
)
from genesis.domain.keeping import CodeConfirmed
from genesis.domain.outcomes import OrderRefused, RiskBlocked, TierChanged
from genesis.domain.time import DAY, HOUR, MINUTE
from genesis.engine.step import Step
from genesis.risk.blocks import CODE
from tests.support.build import BTC
from tests.support.engines import T0, Bench, only


class Account(Bench):
    """A bench whose account is live or paper, run under any code."""

    def __init__(self, *, is_paper: bool) -> None:
        super().__init__()
        self.engine = type(self.engine)(self.rules)
        self.steps.clear()
        self.now_ns = T0
        self.run_under("one")
        held = (Balance("USDT", Decimal(500), Decimal(0)),)
        self.tell(AccountOpened(T0, "acct", "test", is_paper, "USDT", held))
        self.tell(InstrumentReported(T0, BTC))
        self.reconciled()
        self.tick("60000")

    def run_under(self, code: str) -> Step:
        rules = self.rules
        return self.tell(RunStarted(self.now_ns, 1, rules.name, rules.text, rules.sha256, code, ""))

    def restart(self, code: str) -> None:
        self.run_under(code)
        self.tell(BalanceReported(self.now_ns, ()))

    def confirm(self, code: str) -> None:
        self.tell(CodeConfirmed(self.now_ns, code, "one"))

    def lose(self) -> None:
        """A session with a loss, and its end."""
        for kind, more in (("POSITION_CLOSED", {"pnl_r": Decimal(-1)}), ("SESSION_END", {})):
            act = OperatorActed(self.now_ns, kind, symbol="BTC/USDT", reason="manual")
            self.tell(replace(act, **more))  # type: ignore[arg-type]

    @property
    def codes(self) -> set[str]:
        found = only(self.buy("20"), OrderRefused)
        return {failure.code for one in found for failure in one.failures}  # type: ignore[attr-defined]

    @property
    def reason(self) -> str | None:
        return self.engine.state.risk.blocks.get(CODE)


def test_a_paper_account_runs_any_code() -> None:
    account = Account(is_paper=True)
    account.lose()
    score = account.engine.state.tilt.score(account.now_ns).score
    account.restart("two")
    assert account.reason is None
    assert not account.codes
    assert account.engine.state.tilt.score(account.now_ns).score <= score


def test_a_live_account_waits_for_a_person() -> None:
    account = Account(is_paper=False)
    account.restart("one")
    assert account.reason is None
    account.restart("two")
    assert account.reason is not None and "genesis upgrade" in account.reason
    assert "CODE_CHANGED" in account.codes
    account.restart("two")  # it is no other code than before, and still not confirmed
    assert "CODE_CHANGED" in account.codes
    account.confirm("three")
    assert "CODE_CHANGED" in account.codes
    account.confirm("two")
    assert account.reason is None
    account.restart("two")
    assert account.reason is None


@pytest.mark.parametrize("mode", [TierMode.PAPER48, TierMode.CEREMONY])
def test_changed_code_ends_a_promotion(mode: TierMode) -> None:
    account = Account(is_paper=False)
    tiers = account.engine.state.tiers
    tiers._state = replace(tiers.state, mode=mode)
    account.restart("one")
    assert tiers.state.mode is mode, "it is the code that was confirmed"
    step = account.run_under("two")
    (change,) = only(step, TierChanged)
    assert (change.mode, change.reason) == (TierMode.ACTIVE, account.reason)  # type: ignore[attr-defined]


def test_to_go_back_to_the_code_that_was_confirmed_needs_no_word() -> None:
    account = Account(is_paper=False)
    account.restart("two")
    account.restart("one")
    assert account.reason is None


@pytest.mark.parametrize("after_ns", [0, 5 * HOUR])
def test_soon_after_a_losing_session_it_is_paper_only_until_a_named_time(after_ns: int) -> None:
    account = Account(is_paper=False)
    account.lose()
    ended_ns = account.now_ns
    account.later(after_ns / 10**9)
    account.confirm("two")
    account.restart("two")
    assert account.reason is not None and "paper only until" in account.reason
    assert "CODE_CHANGED" in account.codes
    account.later((ended_ns + DAY - MINUTE - account.now_ns) / 10**9)
    assert account.reason is not None
    account.later(2 * MINUTE / 10**9)
    assert account.reason is None
    freed = [f for s in account.steps for f in only(s, RiskBlocked) if f.source == CODE]  # type: ignore[attr-defined]
    assert not freed[-1].blocked and freed[-1].ts_ns == ended_ns + DAY  # type: ignore[attr-defined]


def test_long_after_it_the_word_is_enough() -> None:
    account = Account(is_paper=False)
    account.lose()
    account.later(2 * DAY / 10**9)
    account.confirm("two")
    account.restart("two")
    assert account.reason is None


def test_code_changed_after_a_losing_session_is_an_act_of_a_troubled_mind() -> None:
    calm, troubled = Account(is_paper=False), Account(is_paper=False)
    troubled.lose()
    before = [each.engine.state.tilt.score(each.now_ns).raw for each in (calm, troubled)]
    for each in (calm, troubled):
        each.restart("two")
    after = [each.engine.state.tilt.score(each.now_ns).raw for each in (calm, troubled)]
    assert after[0] == before[0]
    assert after[1] > before[1] + 1.5
