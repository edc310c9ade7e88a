"""What a detector has learned, as plain JSON and back."""

from dataclasses import asdict
from typing import Any, Final

from genesis.tilt.baseline import HOUR, Baselines, Version
from genesis.tilt.context import Context
from genesis.tilt.evidence import Evidence, Points
from genesis.tilt.plain import Plain
from genesis.tilt.rings import HOURS, Rate, Ring
from genesis.tilt.rules import TiltRules
from genesis.tilt.style import StyleState
from genesis.tilt.today import KEPT, Today

_LN_MAX: Final = 100.0
"""Logarithms of measures stay far below it; their exponential is still a number."""
_SECONDS_MAX: Final = 1e12


# -- evidence --------------------------------------------------------------------------------
def evidence_in(plain: Plain, rules: TiltRules) -> Evidence:
    amounts, most = plain.part("amounts"), rules.evidence.cap
    found = {name: amounts.part(name).number(0, most) for name in amounts.keys()}  # noqa: SIM118
    return Evidence(rules, found, plain.part("at_us").whole())


def points_in(plain: Plain, most: float) -> Points:
    amounts, at_us = plain.part("amounts"), plain.part("at_us")
    names = amounts.keys()
    return Points(
        {name: amounts.part(name).number(0, most) for name in names},
        {name: at_us.part(name).whole() for name in names},
    )


# -- context ---------------------------------------------------------------------------------
def context_out(context: Context) -> dict[str, Any]:
    plain = asdict(context)
    for name in ("entries_us", "clicks_us", "results"):
        plain[name] = list(plain[name])
    return plain


def context_in(plain: Plain, now_us: int) -> Context:
    """`now_us`: no stamp is later."""

    def stamp(one: Plain) -> int:
        return one.whole() if one.whole() <= now_us else one.refuse("it is from after now_ns")

    def maybe(name: str) -> int | None:
        one = plain.part(name)
        return None if one.value is None else stamp(one)

    def stamps(name: str) -> list[int]:
        return [stamp(one) for one in plain.part(name).items()]

    stops = plain.part("stopped_out_us")
    context = Context(
        session_id=plain.part("session_id").text(),
        session_start_us=maybe("session_start_us"),
        session_r=plain.part("session_r").number(),
        last_seen_us=stamp(plain.part("last_seen_us")),
        last_own_us=stamp(plain.part("last_own_us")),
        last_act_us=maybe("last_act_us"),
        losses=plain.part("losses").whole(),
        wins=plain.part("wins").whole(),
        stopped_out_us={name: stamp(stops.part(name)) for name in stops.keys()},  # noqa: SIM118
        entered_us=maybe("entered_us"),
        widened=[one.text() for one in plain.part("widened").items()],
        insisted_us=maybe("insisted_us"),
        owed_joint=plain.part("owed_joint").number(most=0),
        insists=plain.part("insists").yes(),
        page_opened_us=maybe("page_opened_us"),
        tripped_us=maybe("tripped_us"),
        lost_session_us=maybe("lost_session_us"),
        day=plain.part("day").whole(-1),
        day_r=plain.part("day_r").number(),
        loss_day=plain.part("loss_day").whole_or_none(),
    )
    context.entries_us.extend(stamps("entries_us"))
    context.clicks_us.extend(stamps("clicks_us"))
    for one in plain.part("results").items():
        at_us, pnl_r = one.items(2)
        context.results.append((stamp(at_us), pnl_r.number()))
    return context


# -- today and style -------------------------------------------------------------------------
def today_out(today: Today) -> dict[str, Any]:
    return {"day": today.day, "acts": list(today.acts)}


def today_in(plain: Plain) -> Today:
    acts = [
        {name: act.part(name).number(-_LN_MAX, _SECONDS_MAX) for name in act.keys()}  # noqa: SIM118
        for act in plain.part("acts").items()
    ]
    if len(acts) > KEPT:
        plain.part("acts").refuse(f"more than {KEPT} acts")
    return Today(plain.part("day").whole(-1), acts)


def style_in(plain: Plain) -> StyleState:
    declared, due = plain.part("declared_ns"), plain.part("due_ns")
    return StyleState(declared.whole_or_none(), due.whole_or_none(), plain.part("reason").text())


# -- baselines -------------------------------------------------------------------------------
def baselines_out(baselines: Baselines) -> dict[str, Any]:
    return {
        "entries": baselines.entries,
        "offered_uncalm": baselines.offered_uncalm,
        "widening": baselines.widening,
        "widened_sessions": baselines.widened_sessions,
        "pending": [list(one) for one in baselines.pending],
        "rings": {name: _ring_out(ring) for name, ring in baselines.rings.items()},
        "rates": {name: [rate.yes, rate.acts] for name, rate in baselines.rates.items()},
        "hours": None if baselines.hours is None else list(baselines.hours.counts),
        "hours_total": None if baselines.hours is None else baselines.hours.total,
        "hours_unit": None if baselines.hours is None else baselines.hours.unit,
        "means": {name: mean.value for name, mean in baselines.means.items()},
        "versions": [asdict(version) for version in baselines.versions],
    }


def baselines_in(plain: Plain, rules: TiltRules) -> Baselines:
    baselines = Baselines(rules)
    baselines.entries = plain.part("entries").whole()
    baselines.offered_uncalm = plain.part("offered_uncalm").whole()
    baselines.widening = plain.part("widening").number(1)
    baselines.widened_sessions = plain.part("widened_sessions").whole()
    for one in plain.part("pending").items():
        name, x, volatile = one.items(3)
        least, most = _bounds(name.one_of(baselines.learners), baselines)
        baselines.pending.append((name.text(), x.number(least, most), volatile.yes()))
    rings, rates, means = plain.part("rings"), plain.part("rates"), plain.part("means")
    for measure, ring in baselines.rings.items():
        _ring_in(rings.part(measure), ring)
    for measure, rate in baselines.rates.items():
        _rate_in(rates.part(measure), rate)
    for measure, mean in baselines.means.items():
        mean.value = means.part(measure).number(0)
    if baselines.hours is not None:
        baselines.hours.counts = [one.number(0) for one in plain.part("hours").items(HOURS)]
        baselines.hours.total = _above_zero(plain.part("hours_total"))
        baselines.hours.unit = _above_zero(plain.part("hours_unit"))
    baselines.versions = [_version_in(one) for one in plain.part("versions").items()]
    return baselines


def _bounds(name: str, baselines: Baselines) -> tuple[float, float]:
    """What a sample may be."""
    if name in baselines.rings:
        return -_LN_MAX, _LN_MAX
    if name in baselines.rates:
        return 0, 1
    return 0, HOURS - 1 if name == HOUR else _SECONDS_MAX


def _ring_out(ring: Ring) -> dict[str, Any]:
    return {
        "recent": list(ring.recent),
        "seen": ring.seen,
        "start": ring.start,
        "centre": ring.centre,
        "spread": ring.spread,
        "volatile_offset": ring.volatile_offset,
        "volatile_acts": ring.volatile_acts,
    }


def _ring_in(plain: Plain, ring: Ring) -> None:
    recent = plain.part("recent")
    xs = [one.number(-_LN_MAX, _LN_MAX) for one in recent.items()]
    if len(xs) > ring.rules.ring:
        recent.refuse(f"more than {ring.rules.ring} samples")
    ring.fill(xs, plain.part("seen").whole(len(xs)))
    start = plain.part("start")
    if start.value is not None:
        centre, spread = start.items(2)
        ring.start = (centre.number(-_LN_MAX, _LN_MAX), _above_zero(spread))
    ring.centre = plain.part("centre").number(-_LN_MAX, _LN_MAX)
    ring.spread = _above_zero(plain.part("spread"))
    ring.volatile_offset = plain.part("volatile_offset").number(-_LN_MAX, _LN_MAX)
    ring.volatile_acts = plain.part("volatile_acts").number(0)


def _rate_in(plain: Plain, rate: Rate) -> None:
    yes, acts = plain.items(2)
    rate.acts = _above_zero(acts)
    rate.yes = yes.number(0, rate.acts)


def _version_in(plain: Plain) -> Version:
    def numbers(name: str) -> dict[str, float]:
        table = plain.part(name)
        return {key: table.part(key).number() for key in table.keys()}  # noqa: SIM118

    return Version(
        until_ns=plain.part("until_ns").whole(),
        reason=plain.part("reason").text(),
        entries=plain.part("entries").whole(),
        centres=numbers("centres"),
        spreads=numbers("spreads"),
        rates=numbers("rates"),
    )


def _above_zero(plain: Plain) -> float:
    found = plain.number(0)
    if not found:
        plain.refuse("it is 0")
    return found
