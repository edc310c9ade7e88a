from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.time import (
    DAY,
    HOUR,
    MILLISECOND,
    MINUTE,
    SECOND,
    date_of,
    format_utc,
    moment_words,
    parse_utc,
    parse_width,
    until_words,
    utc_day,
)

moments = st.integers(-(2**63), 2**63 - 1)  # what the stores can hold: 1677 to 2262


@given(moments)
def test_text_and_nanoseconds_are_each_others_inverse(t: int) -> None:
    assert parse_utc(format_utc(t)) == t


@given(moments, moments)
def test_instants_of_one_form_sort_as_text(a: int, b: int) -> None:
    a, b = a // SECOND * SECOND, b // SECOND * SECOND
    assert (a < b) == (format_utc(a) < format_utc(b))


@given(
    st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)),
    st.integers(-23, 23).filter(bool),
)
def test_an_offset_is_taken_into_account(moment: datetime, hours: int) -> None:
    zoned = moment.replace(tzinfo=timezone(timedelta(hours=hours)))
    utc = moment.replace(tzinfo=UTC)
    assert parse_utc(zoned.isoformat()) == parse_utc(utc.isoformat()) - hours * HOUR


@pytest.mark.parametrize(
    ("words", "ns"),
    [
        ("1970-01-01", 0),
        ("1970-01-01T00:00:01", SECOND),
        ("1970-01-01 00:00:01.5Z", SECOND + 500 * MILLISECOND),
        ("2024-08-08T00:00:00.000000001Z", 1_723_075_200 * SECOND + 1),
        ("2024-08-08T02:00:00+02:00", 1_723_075_200 * SECOND),
        ("1969-12-31T23:59:59.999999999Z", -1),
    ],
)
def test_parse_by_hand(words: str, ns: int) -> None:
    assert parse_utc(words) == ns


@pytest.mark.parametrize(
    "words", ["", "yesterday", "2024-13-01", "12:00", "1.5", "1500-01-01", "2263-01-01"]
)
def test_what_is_no_instant_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_utc(words)


@pytest.mark.parametrize(
    ("ns", "words"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1, "1970-01-01T00:00:00.000000001Z"),
        (1_000, "1970-01-01T00:00:00.000001Z"),
        (250 * MILLISECOND, "1970-01-01T00:00:00.250Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
    ],
)
def test_format_shows_as_many_decimals_as_are_needed(ns: int, words: str) -> None:
    assert format_utc(ns) == words


@given(moments)
def test_a_day_holds_its_first_instant_and_not_its_last(t: int) -> None:
    day = utc_day(t)
    assert day * DAY <= t < (day + 1) * DAY
    assert format_utc(day * DAY) == f"{date_of(day)}T00:00:00Z"


@given(st.integers(1, 10**6), st.sampled_from("smhd"))
def test_widths(n: int, unit: str) -> None:
    assert parse_width(f"{n}{unit}") == n * {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}[unit]


@pytest.mark.parametrize("words", ["", "m", "0m", "-1m", "1.5h", "1w", "1 m", "1m ", "²m"])
def test_a_width_that_is_none_is_refused_by_name(words: str) -> None:
    with pytest.raises(ValueError, match="bar width"):
        parse_width(words)


NOON = parse_utc("2024-08-08T12:00:00Z")


@pytest.mark.parametrize(
    ("ahead_ns", "told"),
    [
        (0, "now (12:00:00 UTC)"),
        (SECOND, "in 1 second (12:00:01 UTC)"),
        (89 * SECOND + 123_456_789, "in 90 seconds (12:01:30 UTC)"),
        (91 * SECOND, "in 2 minutes (12:01:31 UTC)"),
        (27 * MINUTE - 1, "in 27 minutes (12:27:00 UTC)"),
        (3 * HOUR, "in 3 hours (15:00:00 UTC)"),
        (12 * HOUR, "in 12 hours (2024-08-09 00:00:00 UTC)"),
        (30 * DAY, "in 30 days (2024-09-07 12:00:00 UTC)"),
    ],
)
def test_an_end_is_told_by_how_far_ahead_it_is_and_to_the_second(ahead_ns: int, told: str) -> None:
    assert until_words(NOON + ahead_ns, NOON) == told


def test_an_end_says_whose_clock_counts() -> None:
    assert (
        until_words(NOON + HOUR, NOON, "venue time") == "in 60 minutes (13:00:00 UTC, venue time)"
    )


@given(moments.filter(lambda t: abs(t) < 2**62), st.integers(1, 400 * DAY))
def test_nothing_is_promised_sooner_than_it_is(now: int, ahead: int) -> None:
    count, unit = until_words(now + ahead, now).split()[1:3]
    units = {"second": SECOND, "minute": MINUTE, "hour": HOUR, "day": DAY}
    assert int(count) * units[unit.removesuffix("s")] >= ahead


def test_a_moment_is_told_to_the_second_it_is_over_in() -> None:
    assert moment_words(NOON + 1) == "2024-08-08 12:00:01 UTC"
