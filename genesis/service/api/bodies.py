"""What is sent to the control API: strict, and nothing that is not known."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from genesis.service.api.pages import WHOLE, Delta
from genesis.service.moments import LATEST
from genesis.service.operator import Manner

HALT_PHRASE: Final = "HALT TRADING NOW"
CLOSE_PHRASE: Final = "CLOSE ALL POSITIONS"
MOST_CHARACTERS: Final = 100_000
MOST_DELTAS: Final = 10_000
"""The browser tells a page in far fewer: a change of its is several characters."""
Ref = Annotated[str, Field(min_length=1, max_length=100)]
Count = Annotated[int, Field(ge=0, le=10_000_000), WHOLE]
Text = Annotated[str, Field(max_length=MOST_CHARACTERS)]
Deltas = Annotated[list[Delta], Field(max_length=MOST_DELTAS)]
Stamp = (
    Annotated[str, Field(max_length=64, json_schema_extra={"format": "date-time"})]
    | Annotated[int, Field(ge=0, le=LATEST), WHOLE]
)
"""ISO 8601 text, or UTC nanoseconds."""


def phrase(words: str) -> Any:
    """A text that must read exactly so. The pattern is for readers: a wrong one is told as 400."""
    return Field(max_length=200, json_schema_extra={"pattern": f"^{words}$"})


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


def _one_of_two() -> dict[str, Any]:
    """Text or intent, the other one absent or null."""
    kinds = {"text": "string", "intent": "object"}
    return {
        "oneOf": [
            {
                "required": [name],
                "properties": {name: {"type": kinds[name]}, other: {"type": "null"}},
            }
            for name, other in (("text", "intent"), ("intent", "text"))
        ]
    }


class CommandBody(Body):
    """One wish, as text or as fields, and how it was typed (counts only).

    lane: `paper` asks the account on paper that some modes and locks have beside the own one.
    session_id: kept beside the act; it begins no session.
    """

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra=_one_of_two())

    text: Annotated[str, Field(max_length=500)] | None = None
    intent: dict[str, Any] | None = None
    client_ref: Ref | None = None
    lane: Literal["main", "paper"] = "main"
    session_id: Annotated[str, Field(max_length=100)] = ""
    latency_ms: Count | None = None
    keys: Count | None = None
    backspaces: Count | None = None
    checklist_done: bool | None = None
    dwell_ms: Count | None = None

    @model_validator(mode="after")
    def _one_wish(self) -> "CommandBody":
        if (self.text is None) == (self.intent is None):
            raise ValueError("send either text or intent")
        return self

    @property
    def wish(self) -> str | dict[str, Any]:
        return self.text if self.text is not None else self.intent or {}

    @property
    def manner(self) -> Manner:
        return Manner(
            self.session_id,
            self.latency_ms,
            self.keys,
            self.backspaces,
            self.checklist_done,
            self.dwell_ms,
        )


class HaltBody(Body):
    """An emergency halt with its reason and the exact phrase."""

    reason: Annotated[str, Field(min_length=10, max_length=500)]
    confirmation: Annotated[str, phrase(HALT_PHRASE)]
    client_ref: Ref | None = None


class CloseAllBody(Body):
    """Leave everything, with the exact phrase."""

    confirmation: Annotated[str, phrase(CLOSE_PHRASE)]
    max_slippage_percent: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] = 1.0
    client_ref: Ref | None = None


class PageBody(Body):
    """The page of an intervention: its text, how it came to be, and when it was opened."""

    text: Text
    deltas: Deltas = Field(default_factory=list)
    opened_at: Stamp | None = None
    client_ref: Ref | None = None


class DraftBody(Body):
    """The unfinished page; `version` is the one that was seen last."""

    text: Text
    deltas: Deltas = Field(default_factory=list)
    opened_at: Stamp | None = None
    version: Annotated[int, Field(ge=0, le=2**53), WHOLE] | None = None
