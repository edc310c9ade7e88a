"""What is wrong with a body, in words: the field and what it asks for, never what stood there."""

from collections.abc import Sequence
from typing import Any, Final

_WORDS: Final = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "json_invalid": "is not JSON",
    "string_too_short": "needs at least {min_length} characters",
    "string_too_long": "takes at most {max_length} characters",
    "too_long": "takes at most {max_length} items",
}


def in_words(errors: Sequence[Any], *, skip: int = 0) -> str:
    """Pydantic's errors as one line. `skip`: leading parts of each place to be left out."""
    return "; ".join(_one(error, skip) for error in errors)


def _one(error: Any, skip: int) -> str:
    place = ".".join(str(part) for part in error["loc"][skip:]) or "body"
    words = _WORDS.get(error["type"])
    told = error["msg"].removeprefix("Value error, ")
    return f"{place}: {words.format(**error.get('ctx', {})) if words else told}"
