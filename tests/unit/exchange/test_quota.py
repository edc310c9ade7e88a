"""Whatever overtakes whatever, the venue never counts more than we think."""

from dataclasses import dataclass, field

from hypothesis import example, given, settings
from hypothesis import strategies as st

from genesis.exchange.quota import Quota

SPAN = 1_000
LIMIT, MOST = 100, 80


@dataclass
class CountingVenue:
    """Counts in fixed spans that begin at `phase`, somewhere."""

    phase: int
    now: int = 0
    count: int = 0

    def later(self, by: int) -> None:
        before, self.now = self.now, self.now + by
        if (before + self.phase) // SPAN != (self.now + self.phase) // SPAN:
            self.count = 0

    def process(self, weight: int) -> int:
        self.count += weight
        return self.count


@dataclass
class Wire:
    """Requests on their way there, and answers on their way back."""

    venue: CountingVenue
    quota: Quota
    going: list[tuple[int, int]] = field(default_factory=list)
    coming: list[tuple[int, int]] = field(default_factory=list)

    def send(self, weight: int) -> None:
        if self.quota.fits(weight, MOST, self.venue.now):
            self.going.append((self.quota.sent(weight, self.venue.now), weight))

    def arrive(self, which: int) -> None:
        if self.going:
            ticket, weight = self.going.pop(which % len(self.going))
            self.coming.append((ticket, self.venue.process(weight)))

    def hear(self, which: int) -> None:
        if self.coming:
            ticket, told = self.coming.pop(which % len(self.coming))
            self.quota.answered(ticket, told, self.venue.now)

    def lose(self, which: int) -> None:
        """The answer is lost; the request had come there just before."""
        self.arrive(which)
        if self.coming:
            ticket, _ = self.coming.pop()
            self.quota.answered(ticket, None, self.venue.now)

    @property
    def under_way(self) -> int:
        return sum(weight for _, weight in self.going)


STEPS = st.lists(
    st.tuples(st.sampled_from(["send", "arrive", "hear", "lose", "later"]), st.integers(1, 40)),
    max_size=120,
)

OVERTAKEN = [
    *[("send", 1)] * 3, ("lose", 1), ("arrive", 1), ("send", 1), ("send", 1), *[("arrive", 1)] * 3,
    ("later", 30), ("send", 1), ("hear", 1), ("hear", 2), ("send", 1), ("send", 1), ("hear", 1),
    ("later", 1), ("send", 1), ("hear", 1), ("arrive", 3), ("arrive", 1), ("arrive", 1),
    *[("hear", 1)] * 3,
]  # fmt: skip
"""Late answers of the old span hide those of the new one."""


@settings(max_examples=400, deadline=None)
@example(phase=173, steps=OVERTAKEN)
@given(phase=st.integers(0, SPAN - 1), steps=STEPS)
def test_never_less_than_the_venue_counted_and_never_above_the_share(
    phase: int, steps: list[tuple[str, int]]
) -> None:
    venue = CountingVenue(phase)
    wire = Wire(venue, Quota(LIMIT, SPAN))
    for what, number in steps:
        if what == "later":
            venue.later(number * number)
        else:
            getattr(wire, what)(number)
        assert venue.count + wire.under_way <= wire.quota.used(venue.now)
        assert venue.count <= MOST


@given(phase=st.integers(0, SPAN - 1), weights=st.lists(st.integers(1, 20), max_size=60))
def test_in_turn_it_is_exact_within_one_span_of_the_venue(phase: int, weights: list[int]) -> None:
    """One request after the other: the count is the venue's own after each answer."""
    venue, quota = CountingVenue(phase), Quota(LIMIT, SPAN)
    for weight in weights:
        venue.later(30)
        ticket = quota.sent(weight, venue.now)
        quota.answered(ticket, venue.process(weight), venue.now)
        assert quota.used(venue.now) == venue.count


def test_others_at_the_same_address_count_too() -> None:
    quota = Quota(LIMIT, SPAN)
    quota.answered(quota.sent(5, 0), 79, 1)
    assert quota.fits(1, MOST, 2)
    assert not quota.fits(2, MOST, 2)
    assert quota.room_in_ns(2) == SPAN - 1
    assert quota.used(SPAN + 1) == 0


def test_one_request_is_never_too_large_for_ever() -> None:
    quota = Quota(LIMIT, SPAN)
    assert quota.fits(90, MOST, 0)
    quota.answered(quota.sent(90, 0), 90, 0)
    assert not quota.fits(1, MOST, SPAN - 1)
    assert quota.fits(90, MOST, SPAN)


def test_what_never_left_is_not_counted() -> None:
    quota = Quota(LIMIT, SPAN)
    quota.never_left(quota.sent(50, 0))
    assert quota.used(0) == 0
