"""The text of rules as runs recorded it before there were evaluations and overrides."""

import re

_LATER = (
    *("tiers.course", "tiers.gates.SNIPER.ceremony", "tilt.fixed.", "tilt.override"),
    *("tilt.interventions", "tilt.reading"),
    *("tiers.opening", "tiers.capital", "tiers.recovery", "tiers.reset", "tiers.false_alarms"),
    *("tiers.interruptions", "tiers.outside"),
    *("tiers.gates.HUNTER", "tiers.gates.STRATEGIST", "risk.cap"),
)


def text_before_the_course(text: str) -> str:
    """The canonical text without the tables that came later."""
    tables = re.split(r"\n(?=\[)", text)
    return "\n".join(one for one in tables if not one.startswith(tuple(f"[{n}" for n in _LATER)))


def text_before_own_doing(text: str) -> str:
    """The canonical text of rules that do not ask whose doing it was."""
    tables = re.split(r"\n(?=\[)", text)
    later = ("[tilt.behaviour.doing]", "[tilt.behaviour.pride]", "[tilt.recovery.points]")
    return "\n".join(one for one in tables if not one.startswith(later))


_BEHAVIOUR = (
    *("tilt.behaviour", "tilt.odds", "tilt.priors.lat", "tilt.priors.slen"),
    *(f"tilt.rates.{name}]" for name in ("typo", "skip", "rej", "widen")),
    *(
        f"tilt.indicators.{name}]"
        for name in (
            *("lat", "size", "size_w", "slen", "hours", "typo", "skip"),
            *("rej", "widen", "joint", "vel", "clicks"),
        )
    ),
)


def text_before_behaviour(text: str) -> str:
    """The canonical text of rules that know the first four indicators only."""
    tables = re.split(r"\n(?=\[)", text)
    later = tuple(f"[{name}" for name in _BEHAVIOUR)
    return "\n".join(one for one in tables if not one.startswith(later))
