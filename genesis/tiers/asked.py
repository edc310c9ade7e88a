"""What stands against a step the trader asks for, in calm words. Empty: it is taken."""

from collections.abc import Iterator

from genesis.domain.account import Tier, TierMode
from genesis.domain.time import until_words
from genesis.tiers.inputs import GoLiveGiven, ResetAsked
from genesis.tiers.rules import OpeningRules, ResetRules, TierTable
from genesis.tiers.state import TierState

NOT_KNOWN = "the rules of this run know no such step"


def against_reset(state: TierState, asked: ResetAsked, table: TierTable) -> tuple[str, ...]:
    """Why the halt cannot be reset now."""
    if table.reset is None:
        return (NOT_KNOWN,)
    if state.mode is not TierMode.HALTED:
        return (f"nothing is halted: the mode is {state.mode}",)
    return tuple(_reset(state, asked, table.reset))


def _reset(state: TierState, asked: ResetAsked, rules: ResetRules) -> Iterator[str]:
    from_ns = reset_from_ns(state, rules, is_own=asked.is_own)
    if asked.ts_ns < from_ns:
        yield f"it can be done {until_words(from_ns, asked.ts_ns)}"
    if asked.reason_length < rules.reason_min:
        yield f"the reason needs {rules.reason_min} characters, it has {asked.reason_length}"
    if not asked.page_done:
        yield "a page about what happened is to be written first (on the tilt page)"
    if not asked.is_clean:
        yield "the books are not reconciled with the venue"
    if not asked.is_whole:
        yield "the record of this account is still broken"


def reset_from_ns(state: TierState, rules: ResetRules, *, is_own: bool) -> int:
    """When time alone would allow a reset: the wait is that of the tier in which the halt began.

    A halt of one's own never waits for another reset.
    """
    if is_own:
        return state.since_ns + rules.own_wait_ns
    began_in = state.tier if state.interrupted is None else state.interrupted.tier
    waited_ns = state.since_ns + rules.wait_ns[began_in]
    if state.reset_ns is None:
        return waited_ns
    return max(waited_ns, state.reset_ns + rules.again_ns)


def against_go_live(state: TierState, asked: GoLiveGiven, table: TierTable) -> tuple[str, ...]:
    """Why live trading cannot begin now."""
    if table.opening is None:
        return (NOT_KNOWN,)
    if state.mode is not TierMode.OPENING48:
        return (f"there is nothing to open: the mode is {state.mode}",)
    return tuple(_go_live(state, asked, table.opening))


def _go_live(state: TierState, asked: GoLiveGiven, rules: OpeningRules) -> Iterator[str]:
    from_ns = state.since_ns + rules.look_ns
    if asked.ts_ns < from_ns:
        yield f"it can be done {until_words(from_ns, asked.ts_ns)}"
    if not asked.is_clean:
        yield "the books are not reconciled with the venue"


def against_step_down(state: TierState, table: TierTable) -> tuple[str, ...]:
    """Why there is no lower tier to go to."""
    if table.recovery is None:
        return (NOT_KNOWN,)
    if state.tier is Tier.SNIPER:
        return (f"there is no tier below {state.tier}",)
    return ()
