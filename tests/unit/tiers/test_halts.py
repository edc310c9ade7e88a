"""What is said of the way out of a halt: the command that leads out of this kind of it."""

import pytest

from genesis.tiers.halts import HaltCause, Halts

RESET = "`genesis tier reset`"
RECOVER = "`genesis recover`"


@pytest.mark.parametrize("cause", [HaltCause.OPERATOR, HaltCause.LOSS])
def test_a_halt_by_hand_or_by_a_loss_is_reset(cause: HaltCause) -> None:
    told = Halts({cause}).way_out(can_reset=True)
    assert told.startswith(RESET) and RECOVER not in told and "from when" in told


def test_a_broken_record_is_recovered_and_needs_no_reset() -> None:
    told = Halts({HaltCause.RECORD}).way_out(can_reset=True)
    assert told.startswith(RECOVER) and RESET not in told


def test_a_broken_record_comes_before_the_reset_of_what_else_halted() -> None:
    told = Halts({HaltCause.RECORD, HaltCause.LOSS}).way_out(can_reset=True)
    assert told.index(RECOVER) < told.index(RESET)


def test_rules_without_a_way_back_say_so() -> None:
    assert Halts({HaltCause.LOSS}).way_out(can_reset=False) == "these rules know no way out of it"
