"""Which parameters a sweep tries: the axes, all their combinations, or some drawn by chance."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import islice, product
from math import prod
from typing import Any, Final

from genesis.analytics.blocks import seeded
from genesis.errors import UsageError
from genesis.strategy.catalog import StrategyClass, values_of

Place = tuple[int, ...]
"""One value of each axis, by number."""

MOST: Final = 1_000_000
"""More combinations are no search: nobody waits for them, and by luck one of them shines."""
_DRAWS: Final = 100


@dataclass(frozen=True, slots=True)
class Combination:
    """One trial to be: where it stands on the axes, and the parameters of the strategy."""

    place: Place
    values: tuple[object, ...]
    params: Any


@dataclass(frozen=True, slots=True)
class Space:
    """The axes of a sweep by name, in the order given; the values of each as the strategy has them.

    Numbers stand in ascending order, so that neighbours on an axis are neighbours in value.
    """

    kind: StrategyClass
    axes: dict[str, tuple[object, ...]]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.axes)

    @property
    def size(self) -> int:
        """How many combinations there are, those that the parameters refuse among them."""
        return prod(len(values) for values in self.axes.values())

    def is_ordered(self, name: str) -> bool:
        """Do neighbours on the axis lie close to each other?"""
        return _are_numbers(self.axes[name])

    def at(self, place: Place) -> Combination | None:
        """The combination at a place; None where the parameters refuse it (as fast >= slow)."""
        values = tuple(axis[i] for axis, i in zip(self.axes.values(), place, strict=True))
        try:
            params = self.kind.Params(**dict(zip(self.axes, values, strict=True)))
        except ValueError:
            return None
        return Combination(place, values, params)

    def why_not(self) -> str:
        """What the parameters say of the first combination they refuse."""
        for place in islice(self._places(), MOST):
            values = [axis[i] for axis, i in zip(self.axes.values(), place, strict=True)]
            try:
                self.kind.Params(**dict(zip(self.axes, values, strict=True)))
            except ValueError as wrong:
                return str(wrong)
        return ""

    def all(self) -> tuple[list[Combination], int]:
        """Every combination the parameters allow, and how many they refuse.

        Raises:
            UsageError: there are more than a million, or none is allowed.
        """
        if self.size > MOST:
            raise UsageError(
                f"the grid has {self.size:,} combinations, at most {MOST:,} are tried: make it "
                "coarser, or draw from it (search='random', n=1000)"
            )
        found = [one for place in self._places() if (one := self.at(place)) is not None]
        self.require(found)
        return found, self.size - len(found)

    def drawn(self, n: int, seed: int) -> tuple[list[Combination], int]:
        """`n` different combinations by chance (all, where there are fewer), the same for a seed.

        The second number counts those drawn that the parameters refuse: they are drawn again.
        """
        rng, seen = seeded(seed), set[Place]()
        found: list[Combination] = []
        sizes = [len(values) for values in self.axes.values()]
        for _ in range(_DRAWS * n):
            if len(found) == n or len(seen) == self.size:
                break
            place = tuple(int(rng.integers(size)) for size in sizes)
            if place in seen:
                continue
            seen.add(place)
            if (one := self.at(place)) is not None:
                found.append(one)
        self.require(found)
        return found, len(seen) - len(found)

    def require(self, found: Sequence[Combination]) -> None:
        if not found:
            raise UsageError(f"no combination of the grid can be used: {self.why_not()}")

    def _places(self) -> Iterator[Place]:
        return product(*(range(len(values)) for values in self.axes.values()))


def space_of(kind: StrategyClass, grid: Any) -> Space:
    """The axes of a grid, checked.

    Raises:
        UsageError: no axis, one without values, an unknown parameter, or a value that is none.
    """
    if not isinstance(grid, Mapping) or not grid:
        known = ", ".join(field.name for field in fields(kind.Params))
        raise UsageError(
            f"grid must name parameters of {kind.name} and their values, such as "
            f"{{'{known.partition(',')[0] or 'name'}': [..]}}; it knows: {known}"
        )
    return Space(kind, {name: _axis(kind, name, values) for name, values in grid.items()})


def _axis(kind: StrategyClass, name: str, values: Any) -> tuple[object, ...]:
    if isinstance(values, str | bytes) or not hasattr(values, "__iter__"):
        raise UsageError(f"grid: {name} must be a list of values, such as [{values!r}]")
    given = list(values)
    if not given:
        raise UsageError(f"grid: {name} has no values: leave it out, or name some")
    read = [values_of(kind, {name: _plain(value)})[name] for value in given]
    try:
        unique = tuple(dict.fromkeys(read))
    except TypeError as wrong:
        raise UsageError(f"grid: values of {name} cannot be compared: {wrong}") from wrong
    return tuple(sorted(unique, key=_number)) if _are_numbers(unique) else unique


def _plain(value: object) -> object:
    """numpy's numbers as Python's."""
    item = getattr(value, "item", None)
    return item() if callable(item) else value


def _number(value: Any) -> float:
    return float(value)


def _are_numbers(values: Sequence[object]) -> bool:
    return all(hasattr(value, "__float__") and not isinstance(value, bool) for value in values)
