"""A detector as bytes and back, bit for bit: canonical JSON (floats keep their shortest text)."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final, Protocol

from genesis.domain.account import TiltLevel
from genesis.domain.time import MICROSECOND
from genesis.errors import DataError
from genesis.tilt.baseline import Baselines
from genesis.tilt.context import Context
from genesis.tilt.gauge import Gauge
from genesis.tilt.kept import (
    baselines_in,
    baselines_out,
    context_in,
    context_out,
    evidence_in,
    points_in,
    style_in,
    today_in,
    today_out,
)
from genesis.tilt.plain import Plain
from genesis.tilt.rules import TiltRules
from genesis.tilt.state import TiltState
from genesis.tilt.style import StyleState
from genesis.tilt.today import Today

_VERSION: Final = 5
_DIGEST: Final = 64


class Remembers(Protocol):
    """What a detector remembers."""

    rules: TiltRules
    state: TiltState
    gauge: Gauge
    baselines: Baselines
    context: Context
    today: Today
    style: StyleState
    now_ns: int
    calm_since_ns: int | None


def dump(memory: Remembers) -> bytes:
    """SHA-256 of the body in hex, a line feed, the body."""
    evidence, points = memory.gauge.evidence, memory.gauge.points
    document = {
        "version": _VERSION,
        "now_ns": memory.now_ns,
        "calm_since_ns": memory.calm_since_ns,
        "state": _state_out(memory.state),
        "evidence": {"amounts": evidence.amounts, "at_us": evidence.at_us},
        "points": {"amounts": points.amounts, "at_us": points.at_us},
        "context": context_out(memory.context),
        "today": today_out(memory.today),
        "style": asdict(memory.style),
        "baselines": baselines_out(memory.baselines),
    }
    body = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    return sha256(body).hexdigest().encode() + b"\n" + body


def load(memory: Remembers, snapshot: bytes) -> None:
    """Put a snapshot into a detector: all of it, or nothing.

    Raises:
        DataError: the bytes are damaged, of another version, or a field is missing or of another
            kind; names the field.
    """
    whole = _document(snapshot)
    rules = memory.rules
    now_ns = whole.part("now_ns").whole()
    calm_since_ns = whole.part("calm_since_ns").whole_or_none()
    state = _state_in(whole.part("state"))
    evidence = evidence_in(whole.part("evidence"), rules)
    points = points_in(whole.part("points"), rules.evidence.cap)
    context = context_in(whole.part("context"), now_ns // MICROSECOND)
    today = today_in(whole.part("today"))
    style = style_in(whole.part("style"))
    baselines = baselines_in(whole.part("baselines"), rules)
    if max((evidence.at_us, *points.at_us.values())) > now_ns // MICROSECOND:
        whole.part("evidence").refuse("it is from after now_ns")
    memory.now_ns, memory.calm_since_ns, memory.state = now_ns, calm_since_ns, state
    memory.gauge.evidence, memory.gauge.points = evidence, points
    memory.gauge.moved()
    memory.context, memory.today, memory.style = context, today, style
    memory.baselines = baselines


def _document(snapshot: bytes) -> Plain:
    if not isinstance(snapshot, bytes | bytearray):
        raise DataError(f"tilt snapshot: bytes are needed, not {type(snapshot).__name__}")
    body = bytes(snapshot[_DIGEST + 1 :])
    if bytes(snapshot[: _DIGEST + 1]) != sha256(body).hexdigest().encode() + b"\n":
        raise DataError(
            "tilt snapshot: the digest does not fit the content; replay the log instead"
        )
    try:
        whole = Plain(json.loads(body))
    except (ValueError, RecursionError) as error:
        raise DataError(f"tilt snapshot: it is no JSON ({error}); replay the log instead") from None
    version = whole.part("version").whole()
    if version != _VERSION:
        raise DataError(
            f"tilt snapshot: it is of version {version}, this build reads version {_VERSION}; "
            "replay the log instead"
        )
    return whole


# -- the state of the machine ----------------------------------------------------------------
def _state_out(state: TiltState) -> dict[str, Any]:
    plain = state._asdict()
    return {
        name: str(value) if isinstance(value, Decimal) else value for name, value in plain.items()
    }


def _state_in(plain: Plain) -> TiltState:
    kinds = TiltState.__annotations__
    return TiltState(**{name: _READERS[kind](plain.part(name)) for name, kind in kinds.items()})


def _contributions(plain: Plain) -> tuple[tuple[str, int], ...]:
    pairs = (one.items(2) for one in plain.items())
    return tuple((name.text(), part.whole()) for name, part in pairs)


def _share(plain: Plain) -> Decimal:
    """A multiplier of sizes."""
    try:
        found = Decimal(plain.text())
    except InvalidOperation:
        plain.refuse("no decimal")
    if not found.is_finite() or not 0 <= found <= 1:
        plain.refuse("no share in 0..1")
    return found


_READERS: Final[Mapping[Any, Callable[[Plain], Any]]] = MappingProxyType(
    {
        TiltLevel: lambda plain: TiltLevel(plain.one_of(TiltLevel.__members__)),
        int: Plain.whole,
        int | None: Plain.whole_or_none,
        bool: Plain.yes,
        Decimal: _share,
        tuple[tuple[str, int], ...]: _contributions,
    }
)
"""How a field of `TiltState` is read, by its type."""
