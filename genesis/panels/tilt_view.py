"""What the tilt page shows of the engine's state. Pure: dicts in, dicts with ready words out.

The score is a matter of the engine; here it only gets its words. The journal's text never comes by.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from genesis.panels.tilt_words import MEASURES, indicator, share
from genesis.panels.views import (
    View,
    decimal,
    epoch_ms,
    owed,
    percent,
    quantity,
    sentence,
    stamp,
)

State = Mapping[str, Any]
Part = dict[str, Any]
POINTS_KEPT: Final = 480
TAIL: Final = 32
"""Points travel one by one until so many have gathered; then all are sent again."""
SPACING_MS: Final = 15_000
"""Venue time between two points of a path along which nothing changes."""

_NUMBERS: Final[Part] = {
    "caution_enter": 40,
    "caution_leave": 30,
    "caution_leave_after_ms": 600_000,
    "caution_multiplier": "0.75",
    "warning_enter": 60,
    "locked_enter": 80,
    "locked_min_ms": 14_400_000,
    "confirm_ms": 60_000,
    "session_ms": 1_800_000,
}
"""Of the packaged rules, until the engine has told its own."""
_OVERRIDDEN: Final = "0.25"
_REFUSED: Final = "New risk is refused. Closing, reducing and tighter stops stay open."
_HALTED: Final = (
    "Trading is halted: new risk is refused whatever the score. "
    "`genesis tier status` tells the way back."
)


def levels(told: Mapping[str, Any]) -> dict[str, Part]:
    """The four levels in words. told: the engine's numbers, as far as they are known; those of an
    intervention are None where its rules are without.
    """
    now = _NUMBERS | dict(told)
    caution, warning, locked = (
        int(now[f"{level}_enter"]) for level in ("caution", "warning", "locked")
    )
    multiplier = share(float(now["caution_multiplier"]))
    calm, hours = int(now["caution_leave_after_ms"]) / 60_000, int(now["locked_min_ms"]) / 3_600_000
    return {
        "NORMAL": {
            "range": f"0 to {caution - 1}",
            "word": "calm",
            "does": "Orders go through at full size.",
            "ends": "",
        },
        "CAUTION": {
            "range": f"{caution} to {warning - 1}",
            "word": "a breath first",
            "does": f"Entries go through at {multiplier} of the size{_twice(now)}.",
            "ends": f"after {calm:g} calm minutes below {int(now['caution_leave'])}",
        },
        "WARNING": {
            "range": f"{warning} to {locked - 1}",
            "word": "paused",
            "does": _REFUSED,
            "ends": "with an accepted page",
        },
        "LOCKED": {
            "range": f"{locked} to 100",
            "word": "a longer pause",
            "does": _REFUSED,
            "ends": f"with an accepted page{_session(now)}, "
            f"after {hours:g} hours and the next 00:00 UTC",
        },
    }


def _twice(now: Part) -> str:
    apart = now["confirm_ms"]
    return f", each asked for twice, {float(apart) / 1000:g} seconds apart" if apart else ""


def _session(now: Part) -> str:
    ms = now["session_ms"]
    quiet = f" and a quiet session of {float(ms or 0) / 60_000:g} minutes in the paper lane"
    return f"{quiet} (where there is one)" if ms else ""


LEVELS: Final = levels({})
_ODDS: Final = (
    (86, "3 times in 4"),
    (80, "1 time in 2"),
    (69, "about 1 time in 3"),
    (60, "about 1 time in 4"),
    (50, "about 1 time in 6"),
    (40, "about 1 time in 9"),
    (27, "about 1 time in 14"),
    (10, "about 1 time in 29"),
    (0, "about 1 time in 60"),
)
"""How often a generated trader was tilted at such a score (raw -2, -1, -0.25, 0.5, 1.3, ...)."""
ODDS_NOTE: Final = "Measured on synthetic traders; real-world accuracy unknown."
_HOW: Final = {
    "page": "ended by the page",
    "time": "ended by time",
    "override": "ended by an override",
    None: "still open",
}
_STATUS: Final = {
    "LEARNING": "Still getting to know you: until 40 entries the score stops at 79. Only an act "
    "that speaks for itself, such as a page left at once or money added after a loss, takes it "
    "further.",
    "KNOWN": "Learned from your own calm days.",
}


# -- the moving part -------------------------------------------------------------------------
def tilt_view(state: State, rules: Mapping[str, Any] = MappingProxyType({})) -> View:
    """Everything but the path of the score.

    rules: what GET /tilt/history told of `levels`, `interventions_ask` and `override`, as far as it
    is known.
    """
    worded = levels({**(rules.get("levels") or {}), **(rules.get("interventions_ask") or {})})
    overridden = (rules.get("override") or {}).get("limited_multiplier", _OVERRIDDEN)
    return {
        "head": {"tier": state.get("tier"), "halted": bool(state.get("halted"))},
        "score": score(state, worded),
        "sources": sources(state.get("contributions") or {}),
        "waits": waits(state, share(float(overridden))),
        "pause": pause(state),
        "levels": [{"level": name, **level} for name, level in worded.items()],
    }


def score(state: State, worded: Mapping[str, Part]) -> Part:
    level = str(state.get("level", "NORMAL"))
    points = int(state.get("tilt") or 0)
    told = worded.get(level, {"word": level.lower(), "does": "", "ends": ""})
    halted = bool(state.get("halted"))
    whose = f"{level} ends" if halted else "Ends"
    ends = f"{whose} {told['ends']}." if told["ends"] else ""
    part = decimal((state.get("headroom") or {}).get("multiplier"))
    small = part is not None and 0 < part < 1 and not halted
    return {
        "points": points,
        "level": level,
        "word": told["word"],
        "does": _HALTED if halted else told["does"],
        "ends": ends,
        "sizes": f"Sizes are {percent(part, 0)} of usual now." if small and part else "",
        "odds": f"At such a score a generated trader was on tilt {odds(points)}.",
        "note": ODDS_NOTE,
    }


def odds(points: int) -> str:
    """How often a score like this meant tilt."""
    return next(words for least, words in _ODDS if points >= least)


def sources(contributions: Mapping[str, int]) -> list[Part]:
    """What the score is made of, the largest first. The points sum to the score."""
    found = [(name, int(points)) for name, points in contributions.items() if points]
    found.sort(key=lambda item: (-item[1], item[0]))
    return [{"name": name, "words": indicator(name), "points": points} for name, points in found]


def waits(state: State, overridden: str) -> list[Part]:
    """What ends by itself, and when; the browser counts down in venue time."""
    pausing, override = state.get("intervention") or {}, state.get("override") or {}
    found = [
        ("limited", "Trading resumed - Position sizes limited for 1 hour", "limited_until", state),
        ("lock", "Locked until this has passed, and a page is accepted", "until", pausing),
        ("override", f"Under an override: {overridden} of the size", "active_until", override),
        ("exhausted", "Overrides are locked", "locked_until", override),
    ]
    rows = [
        {"kind": kind, "words": told, "until": where.get(key)}
        for kind, told, key, where in found
        if where.get(key) and not (kind == "limited" and override.get("active_until"))
    ]
    if pausing.get("words_done"):
        rows = [
            row | {"words": "Page accepted - Trading resumes when the lock time is over"}
            if row["kind"] == "lock"
            else row
            for row in rows
        ]
    if owed(state):
        rows.append({"kind": "owed", "words": owed(state), "until": None})
    return rows


def pause(state: State) -> Part:
    """What the page of an intervention needs; positions without what moves every moment."""
    held = state.get("positions") or ()
    return {
        "intervention": state.get("intervention"),
        "override": state.get("override"),
        "limited_until": state.get("limited_until"),
        "owed": int((state.get("pages") or {}).get("later") or 0),
        "owed_words": owed(state),
        "positions": [
            {"symbol": one.get("symbol"), "quantity": quantity(one.get("quantity"))} for one in held
        ],
    }


# -- the path of the score -------------------------------------------------------------------
class Course:
    """The path of the score while a face looks on: [ms, score, level, contributions].

    Begins with what the engine tells of the past; a point is added where something changed, or
    after a while.
    """

    def __init__(self, past: Iterable[Sequence[Any]] = ()) -> None:
        self._points = [_point(point) for point in past][-POINTS_KEPT:]
        self._whole = len(self._points)

    def take(self, state: State) -> None:
        at_ms = epoch_ms(state.get("t"))
        if at_ms is None:
            return
        contributions = {n: p for n, p in (state.get("contributions") or {}).items() if p}
        found = [at_ms, int(state.get("tilt") or 0), state.get("level"), contributions]
        last = self._points[-1] if self._points else None
        if last is not None and found[1:] == last[1:] and at_ms - last[0] < SPACING_MS:
            return
        self._points.append(found)
        if len(self._points) - self._whole >= TAIL:
            self._points = self._points[-POINTS_KEPT:]
            self._whole = len(self._points)

    def parts(self) -> View:
        """The older points, which seldom change, and the newer ones."""
        return {"course": self._points[: self._whole], "tail": self._points[self._whole :]}


def _point(told: Sequence[Any]) -> list[Any]:
    """A point of the past; what it was made of is not always known."""
    at_ms, points, level, *more = told
    return [int(at_ms), int(points), level, dict(more[0]) if more else None]


# -- what is asked for now and then ----------------------------------------------------------
def history_view(told: State) -> View:
    """GET /tilt/history in words."""
    return {
        "status": _STATUS.get(str(told.get("status")), ""),
        "baseline": [_usual(row) for row in told.get("baseline") or ()],
        "interventions": [_intervened(one) for one in reversed(told.get("interventions") or ())],
    }


def _usual(row: State) -> Part:
    name, samples = str(row.get("indicator")), int(row.get("samples") or 0)
    return {
        "what": MEASURES.get(name, name.replace("_", " ")),
        "usual": row.get("usual"),
        "today": row.get("today"),
        "samples": f"{samples} seen" if samples else "",
    }


def _intervened(one: State) -> Part:
    opened, ended = epoch_ms(one.get("opened_at")), epoch_ms(one.get("ended_at"))
    lasted = "" if opened is None or ended is None else _span(ended - opened)
    return {
        "at": stamp(one.get("opened_at")),
        "level": one.get("level"),
        "how": _HOW.get(one.get("how"), sentence(one.get("how")).lower()),
        "lasted": lasted,
    }


def _span(ms: int) -> str:
    minutes = max(1, round(ms / 60_000))
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours else f"{rest} min"
