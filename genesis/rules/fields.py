"""The kinds of numbers a rules file may hold, and the base of its tables."""

from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

NONE: Final = "none"
"""How a file says that a limit is switched off."""


RECORDED: Final = "recorded"
"""Context of a validation: the rules were in force already."""


def is_recorded(info: ValidationInfo) -> bool:
    """May what was allowed once stand?"""
    return bool((info.context or {}).get(RECORDED))


class Table(BaseModel):
    """A table of a rules file: every key known, none missing, no guessing of types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _number(value: Any) -> Any:
    """TOML writes 2 and 2.0 for the same number."""
    return Decimal(value) if type(value) is int else value


def none(value: Any) -> Any:
    """A limit that is switched off."""
    return None if value == NONE else value


Number = Annotated[Decimal, BeforeValidator(_number)]
Positive = Annotated[Number, Field(gt=0)]
NotNegative = Annotated[Number, Field(ge=0)]
Fraction = Annotated[Number, Field(gt=0, le=1)]
Share = Annotated[Number, Field(ge=0, le=1)]
Count = Annotated[int, Field(gt=0)]
CountOrZero = Annotated[int, Field(ge=0)]
Score = Annotated[int, Field(ge=0, le=100)]

PositiveOrNone = Annotated[Positive | None, BeforeValidator(none)]
FractionOrNone = Annotated[Fraction | None, BeforeValidator(none)]
NumberOrNone = Annotated[Number | None, BeforeValidator(none)]
CountOrNone = Annotated[Count | None, BeforeValidator(none)]


def nanoseconds(seconds: Decimal) -> int:
    return int(seconds * 1_000_000_000)
