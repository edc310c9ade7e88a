"""How a market is cut: what chooses and what judges never touch, and every window is whole."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.time import DAY, HOUR, MINUTE
from genesis.errors import DataError, UsageError
from genesis.research.windows import MOST, Lengths, Window, require_data, span_of, windows
from tests.support.markets import START_NS, print_list
from tests.support.walking import noise_bars

LENGTHS = st.builds(
    lambda train, test, purge, embargo: Lengths(train, test, min(purge, train - 1), embargo),
    st.integers(1, 60),
    st.integers(1, 60),
    st.integers(0, 30),
    st.integers(0, 30),
)


@given(st.integers(-500, 500), st.integers(1, 1_000), LENGTHS, st.booleans())
def test_what_chooses_and_what_judges_never_touch(
    first: int, length: int, asked: Lengths, anchored: bool
) -> None:
    end = first + length
    need = asked.train_ns + asked.embargo_ns + asked.test_ns
    if need > length:
        with pytest.raises(DataError, match="one window needs"):
            windows(first, end, asked, anchored=anchored)
        return
    found = windows(first, end, asked, anchored=anchored)
    for one in found:
        assert one.test_from_ns - one.train_to_ns == asked.purge_ns + asked.embargo_ns
        assert one.test_to_ns - one.test_from_ns == asked.test_ns
        assert first <= one.train_from_ns < one.train_to_ns <= one.test_from_ns
        assert one.test_to_ns <= end
        if not anchored:
            assert one.train_to_ns - one.train_from_ns == asked.train_ns - asked.purge_ns
    for before, after in pairwise(found):
        assert after.test_from_ns == before.test_to_ns
        assert after.train_to_ns - before.train_to_ns == asked.test_ns
        moved = after.train_from_ns - before.train_from_ns
        assert moved == (0 if anchored else asked.test_ns)
    assert found[0].train_from_ns == first
    assert end - found[-1].test_to_ns < asked.test_ns, "another whole one would have fitted"


def test_one_by_hand() -> None:
    asked = Lengths.read("4d", "2d", "1h", "3h")
    rolling = windows(0, 9 * DAY, asked, anchored=False)
    assert rolling == (
        Window(0, 4 * DAY - HOUR, 4 * DAY + 3 * HOUR, 6 * DAY + 3 * HOUR),
        Window(2 * DAY, 6 * DAY - HOUR, 6 * DAY + 3 * HOUR, 8 * DAY + 3 * HOUR),
    )
    anchored = windows(0, 9 * DAY, asked, anchored=True)
    assert [one.train_from_ns for one in anchored] == [0, 0]
    assert [one[1:] for one in anchored] == [one[1:] for one in rolling]
    assert str(rolling[0]) == (
        "chosen on 1970-01-01T00:00:00Z to 1970-01-04T23:00:00Z, "
        "judged on 1970-01-05T03:00:00Z to 1970-01-07T03:00:00Z"
    )


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (("0d", "1d", None, None), "train must be a length such as 7d"),
        (("1d", "soon", None, None), "test must be a length such as 7d"),
        ((7, "1d", None, None), "train must be a length"),
        (("1d", "1d", "-1h", None), "purge must be a length"),
        (("1d", "1d", None, "1w"), "embargo must be a length"),
        (("1d", "1d", "24h", None), "a purge of 24h leaves nothing of the 1d to choose on"),
    ],
)
def test_lengths_that_are_none(asked: tuple[str, str, str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Lengths.read(*asked)


def test_too_many_windows_are_a_mistake() -> None:
    with pytest.raises(UsageError, match="10,001 windows"):
        windows(0, MOST + 2, Lengths(1, 1, 0, 0), anchored=False)


def test_bars_are_not_cut_through_and_count_to_their_end() -> None:
    bars = noise_bars(90, 1)
    assert span_of(bars, Lengths.read("1h", "5m", None, None)) == (
        START_NS,
        START_NS + 90 * MINUTE,
    )
    for name, asked in (("test", ("1h", "90s", None, None)), ("embargo", ("1h", "1h", None, "5s"))):
        with pytest.raises(UsageError, match=f"{name} must be a whole number of bars of 60 s"):
            span_of(bars, Lengths.read(*asked))


def test_ticks_cover_whole_minutes() -> None:
    ticks = print_list((3 * MINUTE + 1, 100.0), (9 * MINUTE - 1, 101.0))
    assert span_of(ticks, Lengths.read("7s", "1s", None, None)) == (
        START_NS + 3 * MINUTE,
        START_NS + 9 * MINUTE,
    )


def test_a_window_without_data_is_named() -> None:
    bars = noise_bars(60, 1)
    inside = Window(START_NS, START_NS + HOUR, START_NS + HOUR, START_NS + 2 * HOUR)
    with pytest.raises(DataError, match="window 1 has no data to judge on, from 2024-01-01T01:00"):
        require_data(bars, (inside,))
    early = Window(START_NS - HOUR, START_NS, START_NS, START_NS + HOUR)
    with pytest.raises(DataError, match=r"no data to choose on.*start after the gap"):
        require_data(bars, (early,))
