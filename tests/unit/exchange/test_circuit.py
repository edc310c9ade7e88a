"""The breaker of the line: every pair of its table, and what it counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.time import SECOND
from genesis.exchange.breaker import TRANSITIONS, Circuit, CircuitTerms, Happening, Pass, State

TERMS = CircuitTerms()
REST = TERMS.rest_ns


def opened(at_s: int = 4) -> Circuit:
    circuit = Circuit(TERMS)
    for second in range(at_s - 4, at_s + 1):
        circuit.failed(Pass.PLAIN, second * SECOND)
    return circuit


def half_open() -> tuple[Circuit, int]:
    now = 4 * SECOND + REST
    circuit = opened()
    assert circuit.enter(now) is Pass.PROBE
    return circuit, now


def _closed() -> Circuit:
    return Circuit(TERMS)


MOVES = {
    Happening.TRIED: lambda circuit: circuit.enter(10**15),
    Happening.FAILED: lambda circuit: circuit.failed(Pass.PROBE, 10**15),
    Happening.PASSED: lambda circuit: circuit.passed(Pass.PROBE),
    Happening.DROPPED: lambda circuit: circuit.dropped(Pass.PROBE),
    Happening.TRIPPED: lambda circuit: [circuit.failed(Pass.PLAIN, 0) for _ in range(5)],
}
STARTS = {State.CLOSED: _closed, State.OPEN: opened, State.HALF_OPEN: lambda: half_open()[0]}


@pytest.mark.parametrize("happening", Happening)
@pytest.mark.parametrize("state", State)
def test_every_pair_moves_by_the_table_or_changes_nothing(
    state: State, happening: Happening
) -> None:
    circuit = STARTS[state]()
    MOVES[happening](circuit)
    assert circuit.state is TRANSITIONS.get((state, happening), state)


@given(gaps=st.lists(st.integers(0, 20 * SECOND), max_size=40))
def test_it_opens_at_the_first_five_failures_within_thirty_seconds(gaps: list[int]) -> None:
    circuit, now, times = Circuit(TERMS), 0, []
    for gap in gaps:
        now += gap
        times.append(now)
        circuit.failed(Pass.PLAIN, now)
        recent = [at for at in times if now - at < TERMS.span_ns]
        if len(recent) >= TERMS.failures:
            assert circuit.state is State.OPEN
            return
        assert circuit.state is State.CLOSED


@given(askers=st.integers(1, 50), late=st.integers(0, 10**12))
def test_exactly_one_tries_and_only_after_the_rest(askers: int, late: int) -> None:
    circuit = opened()
    assert circuit.enter(4 * SECOND + REST - 1) is None
    now = 4 * SECOND + REST + late
    given_out = [circuit.enter(now) for _ in range(askers)]
    assert given_out == [Pass.PROBE] + [None] * (askers - 1)


@pytest.mark.parametrize(("last_ns", "state"), [(-1, State.OPEN), (0, State.CLOSED)])
def test_thirty_seconds_are_over_when_they_are_over(last_ns: int, state: State) -> None:
    circuit = Circuit(TERMS)
    for at in (0, 1, 2, 3, TERMS.span_ns + last_ns):
        circuit.failed(Pass.PLAIN, at)
    assert circuit.state is state


def test_a_failed_try_rests_again_and_one_that_passes_starts_anew() -> None:
    circuit, now = half_open()
    circuit.failed(Pass.PROBE, now)
    assert circuit.enter(now + REST - 1) is None
    assert circuit.enter(now + REST) is Pass.PROBE
    circuit.passed(Pass.PROBE)
    for second in range(4):
        circuit.failed(Pass.PLAIN, now + REST + second)
    assert circuit.state is State.CLOSED


def test_a_try_that_never_left_lets_the_next_one_try() -> None:
    circuit, now = half_open()
    circuit.dropped(Pass.PROBE)
    assert circuit.rest_ns(now) == 0
    assert circuit.enter(now) is Pass.PROBE


def test_answers_to_what_it_never_let_through_do_not_move_it() -> None:
    circuit, now = half_open()
    circuit.passed(Pass.PLAIN)
    circuit.failed(Pass.PLAIN, now)
    assert circuit.state is State.HALF_OPEN
