"""A quick record is a frozen dataclass in everything but the time it takes to make one."""

import pickle
from copy import copy, deepcopy
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.quick import quick


@dataclass(frozen=True, slots=True)
class Plain:
    at: int
    name: str = "none"
    parts: tuple[int, ...] = ()


@quick
@dataclass(frozen=True, slots=True)
class Quick:
    at: int
    name: str = "none"
    parts: tuple[int, ...] = ()


AT, NAME, PARTS = st.integers(), st.text(max_size=3), st.lists(st.integers(), max_size=2).map(tuple)


@given(AT, NAME, PARTS)
def test_it_holds_equals_hashes_and_shows_what_a_plain_one_does(at, name, parts) -> None:
    plain, made = Plain(at, name, parts=parts), Quick(at, name, parts=parts)
    assert [getattr(made, one.name) for one in fields(made)] == [at, name, parts]
    assert made == Quick(at=at, name=name, parts=parts)
    assert made != Quick(at + 1, name, parts)
    assert hash(made) == hash(plain)
    assert repr(made) == repr(plain).replace("Plain", "Quick")
    assert type(made) is Quick


def test_defaults_are_those_that_were_given() -> None:
    assert Quick(1) == Quick(1, "none", ())
    with pytest.raises(TypeError, match="at"):
        Quick()  # type: ignore[call-arg]


@pytest.mark.parametrize("made", [Quick(1), copy(Quick(1)), replace(Quick(2), at=1)])
def test_it_is_frozen_for_good(made: Quick) -> None:
    with pytest.raises(FrozenInstanceError):
        made.at = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del made.name
    with pytest.raises((AttributeError, TypeError)):
        made.other = 1  # type: ignore[attr-defined]
    assert made == Quick(1)


def test_copies_and_pickles_are_equal_and_of_its_class() -> None:
    made = Quick(1, "a", (2,))
    for other in (copy(made), deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert other == made
        assert type(other) is Quick


def test_it_matches_by_position_and_by_name() -> None:
    match Quick(1, "a"):
        case Quick(at, name=name):
            assert (at, name) == (1, "a")
        case _:
            raise AssertionError


def test_more_than_one_are_made_quick_at_once() -> None:
    one = dataclass(frozen=True, slots=True)(type("One", (), {"__annotations__": {"a": int}}))
    two = dataclass(frozen=True, slots=True)(type("Two", (), {"__annotations__": {"b": int}}))
    assert quick(one, two) is one
    assert (one(1).a, two(2).b) == (1, 2)
    assert "twin" in two.__init__.__code__.co_freevars


def test_what_is_no_plain_record_is_refused() -> None:
    @dataclass(frozen=True, slots=True)
    class Made:
        parts: list[int] = field(default_factory=list)

    @dataclass(frozen=True, slots=True)
    class Checked:
        at: int

        def __post_init__(self) -> None:
            assert self.at

    @dataclass(frozen=True, slots=True)
    class Child(Plain):
        more: int = 0

    for kind in (Made, Checked, Child):
        with pytest.raises(TypeError, match="is no plain record"):
            quick(kind)
