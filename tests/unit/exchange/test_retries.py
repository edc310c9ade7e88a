"""Questions are asked again 1, 2, 4 and 8 s later, within 30 s, and nothing else is."""

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.time import SECOND
from genesis.errors import InvariantBroken
from genesis.exchange.classify import Answer
from genesis.exchange.rest import Rest
from genesis.exchange.retries import Retries, RetryTerms
from genesis.exchange.venue import venue_at

SILENCE = Answer(None)


def test_the_pauses() -> None:
    retries, now = Retries(RetryTerms(), 0), 0
    for pause_s in (1, 2, 4, 8):
        assert retries.pause_s(SILENCE, now) == pause_s
        now += pause_s * SECOND
    assert retries.pause_s(SILENCE, now) is None


@given(
    answers=st.lists(
        st.tuples(st.floats(0, 12), st.one_of(st.none(), st.floats(0, 40))), max_size=10
    )
)
def test_no_attempt_begins_after_thirty_seconds(answers: list[tuple[float, float | None]]) -> None:
    """Each attempt takes a while; some answers ask us to wait."""
    retries, now_s = Retries(RetryTerms(), 0), 0.0
    for took_s, asked_s in answers:
        now_s += took_s
        pause_s = retries.pause_s(Answer(429, retry_after_s=asked_s), int(now_s * SECOND))
        if pause_s is None:
            return
        assert pause_s >= (asked_s or 0)
        now_s += pause_s
        assert now_s <= 30 + 1e-6


@pytest.mark.parametrize(
    ("answer", "again"),
    [
        (SILENCE, True),
        (Answer(500), True),
        (Answer(503, code=-1008), True),
        (Answer(429, code=-1003), True),
        (Answer(400, code=-1021), True),
        (Answer(200, {}), False),
        (Answer(400, code=-1121), False),
        (Answer(401, code=-2015), False),
        (Answer(418, code=-1003), False),
        (Answer(404), False),
    ],
)
def test_what_is_asked_again(answer: Answer, again: bool) -> None:
    assert (Retries(RetryTerms(), 0).pause_s(answer, 0) is not None) is again


@pytest.mark.parametrize(
    "endpoint",
    ["privatePostOrder", "privateDeleteOrder", "privatePostOrderListOco", "sapiPostAssetDust"],
)
def test_what_acts_is_never_repeated(endpoint: str) -> None:
    async def story() -> None:
        rest = Rest(
            venue_at("http://127.0.0.1:9"), "k", "s", time.time_ns,
            recv_window_ms=5000, timeout_ms=100, elapsed_ns=time.monotonic_ns,
        )  # fmt: skip
        with pytest.raises(InvariantBroken, match="must not be repeated"):
            await rest.read(endpoint, {})
        await rest.close()

    asyncio.run(story())
