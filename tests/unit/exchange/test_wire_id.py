"""Wire ids: short enough, legal, and back to the key."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.ids import OrderKey
from genesis.errors import InvariantBroken
from genesis.exchange.wire_id import compose, key_of, parse

HEAD = "00ff" * 16
NUMBERS = st.integers(0, 36**5 - 1)


@given(NUMBERS, NUMBERS, NUMBERS, st.integers(0, 2**256 - 1))
def test_there_and_back(run: int, n: int, child: int, head: int) -> None:
    key, digits = OrderKey(run, n, child), f"{head:064x}"
    wire_id = compose(key, digits)
    assert re.fullmatch(r"[A-Za-z0-9-_]{1,36}", wire_id)
    assert parse(wire_id) == (key, digits[:16])
    assert key_of(wire_id) == key


@given(st.text(max_size=40) | st.from_regex(r"g-[0-9a-z-]{0,40}", fullmatch=True))
def test_what_parses_is_what_we_write(text: str) -> None:
    parts = parse(text)
    assert parts is None or compose(parts.key, parts.head) == text


def test_an_example() -> None:
    assert compose(OrderKey(3, 40, 0), HEAD) == "g-3-14-0-00ff00ff00ff00ff"


@pytest.mark.parametrize(
    "text",
    ["", "web_1", "g-1-1-0", "g-01-1-0-00ff00ff00ff00ff", "g-1-1-0-00FF00FF00FF00FF", "x-TKT5PX2F"],
)
def test_others_ids_are_not_ours(text: str) -> None:
    assert key_of(text) is None


def test_what_does_not_fit_is_refused() -> None:
    for key, head in (
        (OrderKey(36**15, 1, 0), HEAD),
        (OrderKey(1, -1, 0), HEAD),
        (OrderKey(1, 1, 0), "0f"),
    ):
        with pytest.raises(InvariantBroken):
            compose(key, head)
