"""From texts to `Rules`: overlay, validate, freeze. Every complaint names file, key and reason."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, ValidationError
from pydantic_core import ErrorDetails

from genesis.engine.rulebook import Rules
from genesis.errors import ConfigError
from genesis.rules.books_schema import checked, frozen
from genesis.rules.edits_schema import Edits
from genesis.rules.execution_schema import Execution
from genesis.rules.fields import RECORDED, Table, none
from genesis.rules.market_schema import Market
from genesis.rules.risk_schema import Risk
from genesis.rules.text import write
from genesis.rules.tiers_schema import Tiers
from genesis.rules.tighter import Higher, Label
from genesis.rules.tilt_schema import Tilt

Document = dict[str, Any]


class Book(Table):
    """A whole rulebook."""

    name: Label[str]
    risk: Risk
    execution: Execution
    tiers: Tiers
    tilt: Tilt
    # runs recorded before markets had states have none
    market: Higher[Annotated[Market | None, BeforeValidator(none)]] = None
    edits: Higher[Edits | None] = None  # nor did they say how they may be changed
    # whole texts of books laid over the tier: one more is stricter, an edited one another
    books: Higher[list[Annotated[str, AfterValidator(checked)]] | None] = None


@dataclass(frozen=True, slots=True)
class Source:
    """One rules file as read: where it came from, and what it says."""

    where: str
    document: Document


def read(where: str, text: str) -> Source:
    """Parse TOML text; numbers with a point become exact decimals.

    Raises:
        ConfigError: the text is not TOML.
    """
    try:
        return Source(where, tomllib.loads(text, parse_float=Decimal))
    except (tomllib.TOMLDecodeError, InvalidOperation) as error:
        raise ConfigError(f"rules file {where} is not valid TOML: {error}") from error


def overlay(base: Mapping[str, Any], top: Mapping[str, Any]) -> Document:
    """`base` with the keys of `top` on it; tables are merged, everything else is replaced."""
    merged = dict(base)
    for key, value in top.items():
        below = merged.get(key)
        both_tables = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[key] = overlay(below, value) if both_tables else value  # type: ignore[arg-type]
    return merged


def bind(sources: list[Source], *, recorded: bool = False) -> Rules:
    """Lay the sources on each other, the last on top, and freeze the result.

    recorded: they were in force already, so what later versions forbid stands.

    Raises:
        ConfigError: a key is unknown or missing, or a value cannot be used.
    """
    document: Document = {}
    for source in sources:
        document = overlay(document, source.document)
    try:
        book = Book.model_validate(document, context={RECORDED: recorded})
    except ValidationError as error:
        raise ConfigError(complaint(error.errors(), sources)) from error
    text = write(document)
    return Rules(
        name=book.name,
        text=text,
        sha256=sha256(text.encode()).hexdigest(),
        risk=book.risk.freeze(),
        tilt=book.tilt.freeze(),
        tiers=replace(book.tiers.freeze(), knows_slices=book.execution.slicing is not None),
        execution=book.execution.freeze(),
        market=None if book.market is None else book.market.freeze(),
        edits=None if book.edits is None else book.edits.freeze(),
        books=tuple(map(frozen, book.books or ())),
    )


def complaint(errors: list[ErrorDetails], sources: list[Source]) -> str:
    first = errors[0]
    loc = first["loc"]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    told = " ".join([*filter(None, [_dotted(loc)]), _reason(first)])
    return f"rules file {_origin(loc, sources)}: {told}{more}"


def _origin(loc: tuple[int | str, ...], sources: list[Source]) -> str:
    """The topmost file that has the key; else the topmost that has its table, and so on."""
    for length in range(len(loc), 0, -1):
        for source in reversed(sources):
            if _has(source.document, loc[:length]):
                return source.where
    return sources[-1].where


def _has(document: Any, loc: tuple[int | str, ...]) -> bool:
    for part in loc:
        try:
            document = document[part]
        except (KeyError, IndexError, TypeError):
            return False
    return True


def _dotted(loc: tuple[int | str, ...]) -> str:
    return ".".join(map(str, loc))


_KINDS: Final = {
    "extra_forbidden": "is not a known key; remove it or correct its name",
    "missing": 'is missing; write it (a limit that is switched off says "none")',
    "is_instance_of": "must be a number",
    "finite_number": "must be a finite number",
    "int_type": "must be a whole number",
    "string_type": "must be a text in quotes",
    "list_type": "must be a list in brackets",
    "model_type": "must be a table",
}


def _reason(error: ErrorDetails) -> str:
    said = _KINDS.get(error["type"]) or error["msg"].removeprefix("Value error, ")
    said = said.replace("Input should be", "must be")
    found = error["input"]
    if error["type"] == "extra_forbidden" or not isinstance(found, str | int | Decimal):
        return said
    return f"{said}, not {found!r}" if isinstance(found, str) else f"{said}, not {found}"
