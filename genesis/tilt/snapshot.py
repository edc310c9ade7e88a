"""A detector as bytes and back, bit for bit: canonical JSON (floats keep their shortest text)."""

import json
from collections.abc import Callable
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final, Protocol, TypeVar

from genesis.domain.account import TiltLevel
from genesis.errors import DataError
from genesis.tilt.baseline import Baselines, Rate, Ring, Sample
from genesis.tilt.context import Context
from genesis.tilt.evidence import Evidence, Points
from genesis.tilt.machine import TiltState
from genesis.tilt.today import Today

_VERSION: Final = 1
_DIGEST: Final = 64
T = TypeVar("T")


class Remembers(Protocol):
    """What a detector remembers."""

    state: TiltState
    evidence: Evidence
    points: Points
    baselines: Baselines
    context: Context
    today: Today
    now_ns: int
    calm_since_ns: int | None


def dump(memory: Remembers) -> bytes:
    """SHA-256 of the body in hex, a line feed, the body."""
    document = {
        "version": _VERSION,
        "now_ns": memory.now_ns,
        "calm_since_ns": memory.calm_since_ns,
        "state": _state_out(memory.state),
        "evidence": {"amounts": memory.evidence.amounts, "at_us": memory.evidence.at_us},
        "points": {"amounts": memory.points.amounts, "at_us": memory.points.at_us},
        "context": _context_out(memory.context),
        "today": _today_out(memory.today),
        "baselines": _baselines_out(memory.baselines),
    }
    body = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    return sha256(body).hexdigest().encode() + b"\n" + body


def load(memory: Remembers, snapshot: bytes) -> None:
    """Put a snapshot into a fresh detector.

    Raises:
        DataError: the bytes are damaged, or a field is missing or of another kind. The detector
            is to be thrown away then.
    """
    body = snapshot[_DIGEST + 1 :]
    if snapshot[: _DIGEST + 1] != sha256(body).hexdigest().encode() + b"\n":
        raise DataError(
            "tilt snapshot: the digest does not fit the content; replay the log instead"
        )
    document = _part("version", lambda: json.loads(body))
    if _part("version", lambda: document["version"]) != _VERSION:
        raise DataError("tilt snapshot: version is of another build; replay the log instead")
    memory.now_ns = _part("now_ns", lambda: int(document["now_ns"]))
    memory.calm_since_ns = _part("calm_since_ns", lambda: document["calm_since_ns"])
    memory.state = _part("state", lambda: _state_in(document["state"]))
    memory.evidence = _part("evidence", lambda: _evidence_in(document["evidence"], memory))
    memory.points = _part("points", lambda: _points_in(document.get("points")))
    memory.context = _part("context", lambda: Context(**document["context"]))
    _part("today", lambda: _today_in(document.get("today"), memory.today))
    _part("baselines", lambda: _baselines_in(document["baselines"], memory.baselines))


def _part(name: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"tilt snapshot: the field {name} cannot be used ({error}); replay the log instead"
        ) from error


def _state_out(state: TiltState) -> dict[str, Any]:
    return {
        "level": state.level,
        "score": state.score,
        "contributions": state.contributions,
        "scored_level": state.scored_level,
        "since_ns": state.since_ns,
        "words_required": state.words_required,
        "lock_until_ns": state.lock_until_ns,
        "limited_until_ns": state.limited_until_ns,
        "limited_multiplier": str(state.limited_multiplier),
    }


def _state_in(plain: dict[str, Any]) -> TiltState:
    return TiltState(
        **{
            **plain,
            "level": TiltLevel(plain["level"]),
            "scored_level": TiltLevel(plain["scored_level"]),
            "contributions": tuple((name, part) for name, part in plain["contributions"]),
            "limited_multiplier": Decimal(plain["limited_multiplier"]),
        }
    )


def _context_out(context: Context) -> dict[str, Any]:
    return {
        "session_id": context.session_id,
        "last_act_us": context.last_act_us,
        "losses": context.losses,
        "wins": context.wins,
        "stopped_out_us": context.stopped_out_us,
    }


def _evidence_in(plain: dict[str, Any], memory: Remembers) -> Evidence:
    names = memory.evidence.amounts.keys()
    return Evidence(
        {name: float(plain["amounts"][name]) for name in names},
        {name: int(plain["at_us"][name]) for name in names},
    )


def _points_in(plain: dict[str, Any] | None) -> Points:
    """Snapshots from before there were points have none."""
    if plain is None:
        return Points()
    amounts = {name: float(amount) for name, amount in plain["amounts"].items()}
    return Points(amounts, {name: int(plain["at_us"][name]) for name in amounts})


def _today_out(today: Today) -> dict[str, Any]:
    return {"day": today.day, "measures": {name: [*xs] for name, xs in today.measures.items()}}


def _today_in(plain: dict[str, Any] | None, today: Today) -> None:
    """Snapshots from before it was kept have none."""
    if plain is not None:
        measures = {name: tuple(map(float, xs)) for name, xs in plain["measures"].items()}
        today.fill(int(plain["day"]), measures)


def _baselines_out(baselines: Baselines) -> dict[str, Any]:
    return {
        "entries": baselines.entries,
        "offered_uncalm": baselines.offered_uncalm,
        "pending": [[one.baseline, one.x, one.volatile] for one in baselines.pending],
        "rings": {name: _ring_out(ring) for name, ring in baselines.rings.items()},
        "rates": {name: [rate.yes, rate.acts] for name, rate in baselines.rates.items()},
    }


def _baselines_in(plain: dict[str, Any], baselines: Baselines) -> None:
    baselines.entries = int(plain["entries"])
    baselines.offered_uncalm = int(plain["offered_uncalm"])
    baselines.pending.extend(Sample(name, x, volatile) for name, x, volatile in plain["pending"])
    for name, ring in baselines.rings.items():
        _ring_in(plain["rings"][name], ring)
    for name, rate in baselines.rates.items():
        _rate_in(plain["rates"][name], rate)


def _ring_out(ring: Ring) -> dict[str, Any]:
    return {
        "recent": list(ring.recent),
        "seen": ring.seen,
        "centre": ring.centre,
        "spread": ring.spread,
        "volatile_offset": ring.volatile_offset,
        "volatile_acts": ring.volatile_acts,
    }


def _ring_in(plain: dict[str, Any], ring: Ring) -> None:
    ring.fill(tuple(map(float, plain["recent"])), int(plain["seen"]))
    ring.centre = float(plain["centre"])
    ring.spread = float(plain["spread"])
    ring.volatile_offset = float(plain["volatile_offset"])
    ring.volatile_acts = float(plain["volatile_acts"])


def _rate_in(plain: list[float], rate: Rate) -> None:
    rate.yes, rate.acts = map(float, plain)
