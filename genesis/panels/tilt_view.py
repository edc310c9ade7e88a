"""What the tilt page shows of the engine's state. Pure: dicts in, dicts with ready words out.

The score is a matter of the engine; here it only gets its words. The journal's text never comes by.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from genesis.panels.views import View, decimal, epoch_ms, owed, percent, quantity, sentence

State = Mapping[str, Any]
Part = dict[str, Any]
POINTS_KEPT: Final = 480
TAIL: Final = 32
"""Points travel one by one until so many have gathered; then all are sent again."""
SPACING_MS: Final = 15_000
"""Venue time between two points of a path along which nothing changes."""

INDICATORS: Final = {
    "gap": "little time between acts",
    "lat": "decided in a hurry",
    "size": "larger than usual",
    "size_l": "larger after a loss",
    "size_w": "larger after wins",
    "reent": "soon back in after a stop",
    "slen": "a long session",
    "hours": "an unusual hour",
    "cancel": "orders cancelled",
    "typo": "slips of the keys",
    "skip": "a check skipped",
    "rej": "orders refused",
    "widen": "stops moved away",
    "joint": "several things at once",
    "vel": "many entries an hour",
    "clicks": "quick clicks",
    "override": "an override",
    "phrase": "a phrase that was not the one asked for",
    "left": "the page left at once",
    "paste": "a page that was pasted",
    "deposit": "money added right after a loss",
    "edit": "rules loosened after a loss",
}
MEASURES: Final = {
    **INDICATORS,
    "gap": "time between acts",
    "lat": "time to decide",
    "size": "size of an entry",
    "reent": "time until back in after a stop",
    "slen": "length of a session",
    "skip": "checks skipped",
    "cancel": "orders cancelled",
}

LEVELS: Final[dict[str, Part]] = {
    "NORMAL": {
        "range": "0 to 39",
        "word": "calm",
        "does": "Orders go through at full size.",
        "ends": "",
    },
    "CAUTION": {
        "range": "40 to 59",
        "word": "a breath first",
        "does": "Entries go through at three quarters of the size.",
        "ends": "after 10 calm minutes below 30",
    },
    "WARNING": {
        "range": "60 to 79",
        "word": "paused",
        "does": "New risk is refused. Closing, reducing and tighter stops stay open.",
        "ends": "with an accepted page",
    },
    "LOCKED": {
        "range": "80 to 100",
        "word": "locked",
        "does": "As above, and time has to pass as well.",
        "ends": "with an accepted page, after 4 hours and the next 00:00 UTC",
    },
}
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
    "LEARNING": "Still getting to know you: until 40 entries the score stops at 79.",
    "KNOWN": "Learned from your own calm days.",
}


# -- the moving part -------------------------------------------------------------------------
def tilt_view(state: State) -> View:
    """Everything but the path of the score."""
    return {
        "head": {"tier": state.get("tier"), "halted": bool(state.get("halted"))},
        "score": score(state),
        "sources": sources(state.get("contributions") or {}),
        "waits": waits(state),
        "pause": pause(state),
        "levels": [{"level": name, **level} for name, level in LEVELS.items()],
    }


def score(state: State) -> Part:
    level = str(state.get("level", "NORMAL"))
    points = int(state.get("tilt") or 0)
    told = LEVELS.get(level, {"word": level.lower(), "does": "", "ends": ""})
    ends = f"Ends {told['ends']}." if told["ends"] else ""
    share = decimal((state.get("headroom") or {}).get("multiplier"))
    small = share is not None and 0 < share < 1
    return {
        "points": points,
        "level": level,
        "word": told["word"],
        "does": told["does"],
        "ends": ends,
        "sizes": f"Sizes are {percent(share, 0)} of usual now." if small and share else "",
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
    return [{"name": name, "words": words(name), "points": points} for name, points in found]


def words(indicator: str) -> str:
    return INDICATORS.get(indicator, indicator.replace("_", " "))


def waits(state: State) -> list[Part]:
    """What ends by itself, and when; the browser counts down in venue time."""
    pausing, override = state.get("intervention") or {}, state.get("override") or {}
    found = [
        ("limited", "Trading resumed - Position sizes limited for 1 hour", "limited_until", state),
        ("lock", "Locked until this has passed, and a page is accepted", "until", pausing),
        ("override", "Under an override: a quarter of the size", "active_until", override),
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
        "owed": int((state.get("override") or {}).get("pages_owed") or 0),
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
        "at": _stamp(one.get("opened_at")),
        "level": one.get("level"),
        "how": _HOW.get(one.get("how"), sentence(one.get("how")).lower()),
        "lasted": lasted,
    }


def _stamp(iso: Any) -> str:
    """`2024-01-01 10:20` of ISO text."""
    return str(iso or "")[:16].replace("T", " ")


def _span(ms: int) -> str:
    minutes = max(1, round(ms / 60_000))
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours else f"{rest} min"
