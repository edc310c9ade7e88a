"""Which way a field of the rules gets stricter. Every field says so beside its type.

A limit that is switched off is the loosest there is, whichever way its numbers go. Lists are
compared place by place; one that got longer or shorter is taken for looser. Lists of names are
compared as sets: fewer are stricter under SUBSET, more under HIGHER. A whole table that may be
switched off is HIGHER: it is stricter to have it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, TypeVar

T = TypeVar("T")


class Tighter(StrEnum):
    """The direction in which a field gets stricter.

    EITHER: neither is clearly stricter (a measure of the market, a number of the tilt detector's
    model); every change counts as looser. LOCKED: no edit changes it. LABEL: a name, which decides
    nothing.
    """

    LOWER = "lower"
    HIGHER = "higher"
    SUBSET = "subset"
    EITHER = "either"
    LOCKED = "locked"
    LABEL = "label"


@dataclass(frozen=True, slots=True)
class Once:
    """What a field counts as where neither rules say that what is in doubt waits."""

    tighter: Tighter


Lower = Annotated[T, Tighter.LOWER]
Higher = Annotated[T, Tighter.HIGHER]
Subset = Annotated[T, Tighter.SUBSET]
Either = Annotated[T, Tighter.EITHER]
Locked = Annotated[T, Tighter.LOCKED]
Label = Annotated[T, Tighter.LABEL]
OnceLower = Annotated[T, Tighter.EITHER, Once(Tighter.LOWER)]
OnceHigher = Annotated[T, Tighter.EITHER, Once(Tighter.HIGHER)]
