"""The tree of errors: one root, one code each, and a docstring that is true to the tree."""

import inspect
import re

import pytest

from genesis import errors
from genesis.errors import GenesisError

KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, Exception) and kind.__module__ == errors.__name__
]


def depth_in_docstring(name: str) -> int:
    """How deep the drawn tree shows a kind: 0 for the root."""
    line = next(line for line in errors.__doc__.splitlines() if re.search(rf"\b{name}\b", line))
    return len(line.partition(name)[0]) // 4


@pytest.mark.parametrize("kind", KINDS)
def test_the_drawn_tree_is_the_real_one(kind: type[GenesisError]) -> None:
    assert kind.__mro__.index(GenesisError) == depth_in_docstring(kind.__name__)


@pytest.mark.parametrize("kind", KINDS)
def test_the_drawn_code_is_the_real_one(kind: type[GenesisError]) -> None:
    drawn = re.search(rf"\b{kind.__name__} +(\d+)x+", errors.__doc__)
    assert kind is GenesisError or (drawn and kind.code.startswith(f"GENESIS-{drawn[1]}"))


def test_codes_are_unique_and_children_stay_in_their_parents_thousand() -> None:
    assert len({kind.code for kind in KINDS}) == len(KINDS)
    for kind in KINDS:
        assert re.fullmatch(r"GENESIS-\d{4}", kind.code)
        parent = kind.__base__
        if parent not in (GenesisError, Exception):
            assert parent is not None
            assert kind.code[:9] == parent.code[:9], kind


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_what_the_system_does(kind: type[GenesisError]) -> None:
    assert kind.__dict__.get("__doc__"), f"{kind.__name__} has no docstring of its own"


def test_the_text_is_the_code_and_one_line() -> None:
    error = errors.DataError("ticks.csv line 7: price 'abc' is no number")
    assert str(error) == "GENESIS-1200 ticks.csv line 7: price 'abc' is no number"
    assert error.message == "ticks.csv line 7: price 'abc' is no number"


def test_a_narrower_code_belongs_to_the_instance_alone() -> None:
    assert errors.DataError("x", code="GENESIS-1207").code == "GENESIS-1207"
    assert errors.DataError("x").code == "GENESIS-1200"
