"""Properties of the tier machine that need a whole history: days, features, the ceremony."""

from decimal import Decimal

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from genesis.domain.account import Tier, TierMode
from genesis.domain.events import AccountOpened
from genesis.domain.outcomes import TierChanged, TierEvaluated
from genesis.domain.time import DAY, HOUR, MINUTE
from genesis.errors import TierViolation
from genesis.rules import load
from genesis.tiers.desk import TierDesk
from genesis.tiers.features import available_features, requires_tier, tier_of
from genesis.tiers.inputs import DailyLossExceeded, DayEvaluated, ModeTime, PhraseGiven, Standing
from genesis.tiers.machine import decide, evolve
from genesis.tiers.state import TierState
from tests.unit.tiers.test_history import FIRST, Account

TABLE = load("sniper").tiers
PHRASE = TABLE.gates[Tier.SNIPER].ceremony.phrase


def opened() -> TierDesk:
    desk = TierDesk(TABLE)
    desk.opened(AccountOpened(FIRST * DAY, "one", "loopback", True, "USDT", ()))
    return desk


def successful(days: int = 40) -> Account:
    """Every gate out of SNIPER passes."""
    account = Account("10000")
    account.history.is_paper = True
    for _ in range(days):
        account.trade("11")
        account.night()
    return account


asked = st.lists(
    st.tuples(
        st.integers(0, 2),  # nights that pass before
        st.integers(0, DAY - 1),  # time of the day
        st.sampled_from(["11", "-5", "0"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(asked)
def test_i8_however_often_a_day_is_evaluated_it_is_evaluated_once(found: list) -> None:
    """At any time of the day, in any state: the second time tells and changes nothing."""
    account, desk, done = successful(30), opened(), set()
    desk.history = account.history
    for nights, at, result, is_calm in found:
        for _ in range(nights):
            account.trade(result)
            account.night()
        now_ns = account.day * DAY + at
        told = desk.evaluate(now_ns, is_calm=is_calm, is_free=True)
        days = [one.day for one in told if isinstance(one, TierEvaluated)]
        is_due = at >= 5 * MINUTE and account.day - 1 not in done
        assert days == ([account.day - 1] if is_due else [])
        done |= set(days)
        before = (desk.state, desk.evaluated)
        for later in (now_ns, now_ns + 1, (account.day + 1) * DAY - 1):
            if days:
                assert desk.evaluate(later, is_calm=not is_calm, is_free=True) == ()
        assert (desk.state, desk.evaluated) == before


FEATURES = sorted(available_features(Tier.ARCHITECT, TABLE))


@given(st.sampled_from(Tier), st.sampled_from(Tier), st.sampled_from(FEATURES))
def test_i11_a_higher_tier_has_all_of_the_lower_and_more(
    tier: Tier, other: Tier, feature: str
) -> None:
    """And a feature that is asked for at call time runs in its tier and in every higher one."""
    lower, higher = sorted((tier, other), key=lambda one: one.rank)
    if lower is not higher:
        assert available_features(lower, TABLE) < available_features(higher, TABLE)
    first = tier_of(feature, TABLE)
    assert first is not None
    has = feature in available_features(tier, TABLE)
    assert has is (tier.rank >= first.rank)
    use = requires_tier(first, lambda: TierState(tier, TierMode.ACTIVE, 0))(lambda: True)
    try:
        ran = use()
    except TierViolation:
        ran = False
    assert ran is has


SUCCESSFUL = successful()


def at_the_ceremony() -> tuple[TierDesk, int]:
    desk = opened()
    desk.history = SUCCESSFUL.history
    now_ns = SUCCESSFUL.day * DAY + HOUR
    begun = TierChanged(
        now_ns, Tier.SNIPER, TierMode.PAPER48, Tier.SNIPER, TierMode.CEREMONY, "ready"
    )
    desk._state = evolve(desk.state, begun, TABLE)
    return desk, now_ns


def test_the_phrase_itself_does_raise_the_tier() -> None:
    desk, now_ns = at_the_ceremony()
    changes, _ = desk.confirm(now_ns, PHRASE, is_calm=True, blocked=None)
    assert [change.tier for change in changes] == [Tier.HUNTER]


@st.composite
def nearly(draw: st.DrawFn) -> str:
    """The phrase with one character more, less or other, in another case, or with spaces."""
    place = draw(st.integers(0, len(PHRASE) - 1))
    other = draw(st.characters(exclude_categories=("Cs",)))
    ways = (
        PHRASE[:place] + other + PHRASE[place + 1 :],
        PHRASE[:place] + PHRASE[place + 1 :],
        PHRASE[:place] + other + PHRASE[place:],
        PHRASE[:place] + PHRASE[place:].swapcase(),
        f" {PHRASE}",
        f"{PHRASE} ",
        f"{PHRASE}\n",
        "",
    )
    return draw(st.sampled_from(ways))


@given(nearly())
def test_i14_a_ceremony_takes_the_phrase_and_nothing_like_it(said: str) -> None:
    assume(said != PHRASE)
    desk, now_ns = at_the_ceremony()
    before = desk.state
    changes, _ = desk.confirm(now_ns, said, is_calm=True, blocked=None)
    assert changes == ()
    assert desk.state == before
    assert desk.cap_usdt(Decimal(0), Decimal(0)) is None


BEST = Standing(
    gates_passed=True,
    is_calm=True,
    is_free=True,
    profitable_days=3,
    page_done=True,
    trading_days=7,
    result_usdt=Decimal(1),
)
"""Everything that can be asked of a day, back from an emergency and up again."""


def walked(waits: list[int]) -> tuple[int, list[tuple[int, Tier]]]:
    """A loss, then the best of days: when it was, and the tier after every step."""
    loss_ns = FIRST * DAY
    state = TierState(Tier.HUNTER, TierMode.ACTIVE, loss_ns - 60 * DAY, tier_since_ns=0)
    steps, now_ns = [], loss_ns
    for wait in [0, *waits]:
        now_ns += wait
        events = (DayEvaluated(now_ns, BEST), PhraseGiven(now_ns + 1, BEST))
        for event in (DailyLossExceeded(loss_ns),) if not wait else events:
            for change in decide(state, event, TABLE):
                state = evolve(state, change, TABLE)
            steps.append((now_ns, state.tier))
        for change in decide(state, ModeTime(now_ns + 2, 10, 0), TABLE):
            state = evolve(state, change, TABLE)
    return loss_ns, steps


@given(st.lists(st.integers(HOUR, 5 * DAY), max_size=20))
@example([2 * DAY] * 14)
def test_i7_even_the_best_way_back_leads_no_higher_within_thirty_days(waits: list[int]) -> None:
    loss_ns, steps = walked(waits)
    assert steps[0][1] is Tier.SNIPER
    assert all(tier is Tier.SNIPER for now_ns, tier in steps if now_ns < loss_ns + 30 * DAY)


def test_after_thirty_days_the_best_way_back_does_lead_up_again() -> None:
    _, steps = walked([2 * DAY] * 20)
    assert steps[-1][1] is Tier.HUNTER
