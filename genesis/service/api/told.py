"""Which codes an endpoint can give, for the document that is served."""

from typing import Any, Final

from genesis.service.api.models import (
    NewerDraft,
    NotUnderstood,
    PageJudged,
    Problem,
    Refused,
)

Told = dict[int | str, dict[str, Any]]

EVERYWHERE: Final[Told] = {
    401: {"model": Problem, "description": "No key, or a signature that does not count"},
    403: {"model": Problem, "description": "Not from here, or not with this key"},
    429: {"model": Problem, "description": "Too many requests; Retry-After says how long to wait"},
    503: {"model": Problem, "description": "It cannot be done now"},
}
MALFORMED: Final[Told] = {422: {"model": Problem, "description": "Malformed request"}}
BODY: Final[Told] = {413: {"model": Problem, "description": "The body is too large"}, **MALFORMED}
WRONG_PHRASE: Final[Told] = {400: {"model": Problem, "description": "Wrong confirmation phrase"}}
UNKNOWN: Final[Told] = {404: {"model": Problem, "description": "There is no such thing"}}
REFUSED: Final[Told] = {
    409: {"model": Refused, "description": "Refused; Retry-After where the end is known"}
}
VERDICTS: Final[Told] = {
    **BODY,
    **REFUSED,
    422: {"model": NotUnderstood, "description": "Not understood, or malformed"},
}
NOT_ACCEPTED: Final[Told] = {409: {"model": PageJudged, "description": "The page does not count"}}
NEWER: Final[Told] = {409: {"model": NewerDraft, "description": "A newer draft is saved"}}
TEXT: Final[Told] = {
    200: {"description": "Text", "content": {"text/plain": {"schema": {"type": "string"}}}}
}
