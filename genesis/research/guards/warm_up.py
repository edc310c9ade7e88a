"""WARM-UP: are the last decisions the same however early the data begin?

Positions held at the start of a run differ for good reasons, and with them what is wished for. So
copies of the strategy that begin one, two and four warm-ups before the compared stretch run side by
side: the earliest acts, all of them see its account, and only their wishes are compared.
"""

from dataclasses import dataclass, fields, is_dataclass
from typing import Final

from genesis.domain.time import DAY, HOUR, MILLISECOND, MINUTE, SECOND, format_utc, parse_width
from genesis.errors import UsageError
from genesis.research.guards.compare import count_differing, differing
from genesis.research.guards.findings import Finding, Guard, Report
from genesis.research.guards.late import Late, SideBySide
from genesis.research.guards.several import Data, between, ends
from genesis.research.guards.subject import Subject
from genesis.research.guards.trace import Decision, Trace, run
from genesis.strategy import Strategy

_STARTS: Final = (1, 2)
_EARLIEST: Final = 4
_ASSUMED: Final = 30
_FEWEST: Final = 10
"""Bars that must be left to compare."""
_UNITS: Final = {
    "_ns": 1, "_ms": MILLISECOND, "_s": SECOND, "_minutes": MINUTE, "_hours": HOUR, "_days": DAY,
}  # fmt: skip
_NO_SPANS: Final = ("_bps", "_usdt", "_fraction", "_ticks", "_lots", "seed")


@dataclass(frozen=True, slots=True)
class WarmUp:
    """bars: how many a strategy needs before its decisions count. width_ns: of one. told: whence
    this is known.
    """

    bars: int
    width_ns: int
    told: str

    @property
    def needed(self) -> int:
        """Bars that data must have for this guard."""
        return _EARLIEST * self.bars + max(_FEWEST, self.bars)


def warm_up_of(strategy: Strategy, given: int | None = None) -> WarmUp:
    """What was given, else what the strategy says (`warm_up_bars`), else the longest span among
    its parameters (whole numbers count bars; `_s` and the like are times), else 30 bars. A
    strategy without bars is measured in minutes.

    Raises:
        UsageError: the strategy says something that is not a whole number above 0.
    """
    width_ns = MINUTE if strategy.bar is None else parse_width(strategy.bar)
    said = getattr(strategy, "warm_up_bars", None)
    if given is not None:
        return WarmUp(given, width_ns, "as given")
    if said is not None:
        if type(said) is not int or said < 1:
            raise UsageError(
                f"{strategy.name}.warm_up_bars must be a whole number above 0, not {said!r}"
            )
        return WarmUp(said, width_ns, "as it says")
    spans = dict(_spans(strategy, width_ns))
    if not spans:
        return WarmUp(_ASSUMED, width_ns, "assumed: no parameter tells")
    name = max(spans, key=lambda each: spans[each])
    return WarmUp(spans[name], width_ns, f"from its parameter {name}")


def _spans(strategy: Strategy, width_ns: int) -> list[tuple[str, int]]:
    params = getattr(strategy, "params", None)
    if is_dataclass(params):
        values = {field.name: getattr(params, field.name) for field in fields(params)}
    else:
        values = dict(params if isinstance(params, dict) else getattr(strategy, "__dict__", {}))
    found = []
    for name, value in values.items():
        if type(value) is not int or value < 1 or name.endswith(_NO_SPANS):
            continue
        unit = next((ns for end, ns in _UNITS.items() if name.endswith(end)), width_ns)
        found.append((name.strip("_"), -(-value * unit // width_ns)))
    return found


def warm_up(
    subject: Subject, data: Data, given: int | None = None, tolerance: float = 0.0
) -> Report:
    """Compare what a strategy wishes for after one and two warm-ups with four of them.

    given: the warm-up in bars. tolerance: the share of decisions that may differ; an average that
    never forgets (an EMA) drifts a little for ever.
    """
    need = warm_up_of(subject.made(data), given)
    closed = ends(data, need.width_ns)
    if len(closed) < need.needed:
        what = (
            f"the data hold {len(closed)} bars{_in_all(data)}, and a warm-up of {need.bars} "
            f"({need.told}) needs {need.needed} to begin one, two and four of them before what is "
            "compared"
        )
        return Report(Guard.WARM_UP, "", 0, (_finding(None, what, "give more data"),))
    first = _EARLIEST * need.bars
    from_ns = closed[first - 1]
    late = [
        _late(subject, data, closed[first - times * need.bars] - need.width_ns) for times in _STARTS
    ]
    whole = run(SideBySide(subject.made(data), late), data, subject.asked, subject.seconds)
    if whole.broke is not None:
        what = f"begun later, {whole.broke.what}"
        return Report(
            Guard.WARM_UP, "", 0, (_finding(whole.broke.at_ns, what, whole.broke.remedy),)
        )
    return _judged(need, whole, late, from_ns, len(closed) - first, tolerance)


def _late(subject: Subject, data: Data, since_ns: int) -> Late:
    return Late(subject.made(between(data, since_ns, None)), since_ns)


def _judged(
    need: WarmUp, whole: Trace, late: list[Late], from_ns: int, bars: int, tolerance: float
) -> Report:
    reference = _after(whole.wishes, from_ns)
    head = f"warm-up {need.bars} bars ({need.told}); the last {bars} bars, {len(reference)} wishes"
    findings, notes, counts = [], [], []
    compared = 0
    for times, each in zip(_STARTS, late, strict=True):
        wishes = _after(each.wishes, from_ns)
        compared = max(compared, len(wishes), len(reference))
        count = count_differing(reference, wishes)
        counts.append(f"{times}x: {count} differ")
        found = differing(reference, wishes)
        if found is None:
            continue
        what = (
            f"begun {times} warm-up{'s' * (times > 1)} earlier instead of {_EARLIEST}, {count} of "
            f"the last {max(len(reference), len(wishes))} decisions differ, first at "
            f"{format_utc(found.at_ns)}: {found.other} instead of {found.one}"
        )
        if count > tolerance * max(len(reference), len(wishes)):
            findings.append(_finding(found.at_ns, what, _remedy(need)))
        else:
            notes.append(f"{what} (within the tolerance of {tolerance:g})")
    if not compared:
        what = f"it wishes for nothing in the last {bars} bars: nothing was compared"
        findings.append(_finding(None, what, "give more data, or a shorter warm-up"))
    told = f"{head}; {', '.join(counts)}"
    return Report(Guard.WARM_UP, told, compared, tuple(findings), tuple(notes))


def _after(wishes: "list[Decision] | tuple[Decision, ...]", from_ns: int) -> list[Decision]:
    """What was wished for once the bar that ends at `from_ns` was over and told."""
    return [one for one in wishes if one.at_ns > from_ns]


def _in_all(data: Data) -> str:
    return " that every symbol has" if isinstance(data, tuple) else ""


def _finding(at_ns: int | None, what: str, remedy: str) -> Finding:
    return Finding(Guard.WARM_UP, at_ns, what, remedy)


def _remedy(need: WarmUp) -> str:
    return (
        f"{need.bars} bars are too few for what it remembers: wish for nothing before the history "
        "is there, begin an average with the first price and not with 0, and say `warm_up_bars` "
        "(or --warm-up) as it is; a small drift can be allowed with a tolerance"
    )
