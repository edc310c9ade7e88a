import tomllib
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from genesis.rules.text import write

scalars = (
    st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
    | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9)
)
values = scalars | st.lists(scalars | st.lists(scalars, max_size=2), max_size=3)
keys = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
documents = st.recursive(
    st.dictionaries(keys, values, max_size=3),
    lambda inner: st.dictionaries(keys, values | inner, max_size=3),
    max_leaves=8,
)


@given(documents)
def test_what_is_written_reads_back_equal(document: dict[str, Any]) -> None:
    assert tomllib.loads(write(document), parse_float=Decimal) == document


@given(documents)
def test_writing_again_what_was_read_changes_nothing(document: dict[str, Any]) -> None:
    text = write(document)
    assert write(tomllib.loads(text, parse_float=Decimal)) == text


def test_values_come_first_and_keys_are_sorted() -> None:
    assert write({"b": 1, "a": 2}) == "a = 2\nb = 1\n"
    document = {"b": {"y": {"z": 1}, "x": Decimal("0.050")}, "a": [Decimal(2), "t\n"]}
    assert write(document) == 'a = [2, "t\\u000A"]\n\n[b]\nx = 0.05\n\n[b.y]\nz = 1\n'
