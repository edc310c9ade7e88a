"""What the path of the tiers shows. Pure: answers of the engine in, dicts with ready words out.

No word here promotes anybody: the engine decides, and looks at every gate again when it does.
"""

from collections.abc import Mapping
from typing import Any, Final

from genesis.panels.garden_view import gates as gate_rows
from genesis.panels.views import MODES, TIERS, View, quantity, sentence, stamp

State = Mapping[str, Any]
Part = dict[str, Any]

_ABOUT: Final = {
    "SNIPER": "from 500 USDT",
    "HUNTER": "from 2,000 USDT",
    "STRATEGIST": "from 10,000 USDT",
    "ARCHITECT": "from 100,000 USDT",
}
FEATURES: Final = {
    "market_order": "market orders",
    "limit_order": "limit orders",
    "post_only": "resting orders that never take",
    "simple_arb": "the simple arbitrage strategy",
    "spread_capture": "the spread capture strategy",
    "iceberg_hunter": "iceberg orders, shown a piece at a time",
    "twap_hunter": "orders spread evenly over time",
    "multi_pair": "several symbols at once",
    "mean_reversion": "the mean reversion strategy",
    "vwap_strategist": "orders that follow the volume of the day",
    "statistical_arb": "statistical arbitrage",
    "market_making": "market making",
    "portfolio_optimiser": "the portfolio optimiser",
    "multi_account": "several accounts",
    "capital_allocator": "capital shared out among strategies",
    "external_rulebooks": "rulebooks of others",
}
DUTIES: Final = (
    "Every limit of the day and of the drawdown stays in force, with larger sums behind it.",
    "A day of too great a loss leads down again at once.",
    "Nothing obliges you to trade larger because you may.",
)
ADJUST: Final = (
    "Sizes are halved at first (ADJUST48), until time and trades have passed without a violation.",
    "The drawdown is counted from a new peak.",
)
_NOTICES: Final = {
    "EMERGENCY": "A hard day has led down",
    "RECOVERY": "The quiet way back",
    "HALTED": "Trading is halted",
}
_KEPT: Final = {
    "EMERGENCY": "Entries at work were cancelled; every open position keeps its protective stop.",
    "RECOVERY": "Every open position keeps its protective stop.",
    "HALTED": "Entries at work were cancelled; every open position keeps its protective stop, "
    "and may be reduced or closed at any time.",
    "DOWN": "Every open position keeps its protective stop. Nothing is sold because of this.",
}
_HISTORY_KEPT: Final = 12


# -- the moving part -------------------------------------------------------------------------
def tier_view(state: State) -> View:
    """What the stream tells; `key` changes when the path should be asked for again."""
    tier, mode = str(state.get("tier", "")), str(state.get("mode", ""))
    head = {"tier": tier, "mode": mode, "words": MODES.get(mode, mode.lower())}
    seen = [gate.get("passed") for gate in state.get("gates") or ()]
    held = [one.get("symbol") for one in state.get("positions") or ()]
    return {"head": head, "key": [tier, mode, bool(state.get("halted")), seen, held]}


# -- GET /tier/path --------------------------------------------------------------------------
def path_view(told: State) -> View:
    """The path and everything that lies on it, in words."""
    tier, mode = str(told.get("tier", "")), str(told.get("mode", ""))
    gates = gate_list(told)
    passed = sum(bool(row["passed"]) for row in gates["rows"])
    return {
        "stones": stones(tier),
        "share": _share(mode, passed, len(gates["rows"])),
        "mode": _mode(told, mode),
        "gates": {**gates, "summary": _summary(passed, len(gates["rows"]), told.get("next_tier"))},
        "evaluation": _evaluation(told.get("evaluation")),
        "waits": _waits(told),
        "ceremony": _ceremony(told),
        "notice": notice(told),
        "history": [_change(one) for one in reversed(told.get("history") or ())][:_HISTORY_KEPT],
    }


def gate_list(told: State) -> Part:
    """Gates as the engine words them, with the share of each that is reached."""
    gates = list(told.get("gates") or ())
    found = gate_rows({"tier": told.get("tier"), "gates": gates})
    rows = [
        {
            **row,
            "has": str(gate.get("current_value", "")),
            "needed": str(gate.get("required_value", "")),
        }
        for row, gate in zip(found["rows"], gates, strict=True)
    ]
    return {**found, "rows": rows}


def stones(tier: str) -> list[Part]:
    """The four tiers along the way, and where the trader stands."""
    here = TIERS.index(tier) if tier in TIERS else -1
    return [
        {
            "name": name,
            "about": _ABOUT[name],
            "state": "passed" if n < here else "here" if n == here else "ahead",
        }
        for n, name in enumerate(TIERS)
    ]


def _share(mode: str, passed: int, gates: int) -> float:
    """How far from this tier's gate to the next one, 0 to 1."""
    if mode == "CEREMONY":
        return 0.92
    return round(0.8 * passed / gates, 3) if gates else 0.0


def _mode(told: State, mode: str) -> Part:
    return {
        "name": mode,
        "words": MODES.get(mode, mode.lower()),
        "since": stamp(told.get("since")),
        "plan": [] if mode in _NOTICES else _plan(told),
    }


def _plan(told: State) -> list[str]:
    """The engine's own lines; what is counted down beside them is not said twice."""
    return [line for line in told.get("plan") or () if not line.startswith("No promotion before")]


def _summary(passed: int, gates: int, next_tier: Any) -> str:
    if not gates:
        return ""
    if passed == gates:
        return "Every gate is passed at this moment."
    return f"{passed} of {gates} gates to {str(next_tier).lower()} are passed at this moment."


def _evaluation(told: State | None) -> Part:
    if told is None:
        return {"title": "None yet: every closed day is evaluated at 00:05 UTC.", "rows": []}
    verdict = "every gate passed" if told.get("passed") else "not every gate passed"
    title = f"{told.get('day')}, at {_clock(told)} UTC: {verdict}."
    return {"title": title, "rows": gate_list(told)["rows"]}


def _clock(told: State) -> str:
    return str(told.get("evaluated_at", ""))[11:16]


def _waits(told: State) -> list[Part]:
    """What goes on for a while: words, and an end that the browser counts down to."""
    found: list[Part] = []
    paper, adjust = told.get("paper"), told.get("adjust")
    if paper:
        days = f"{paper.get('profitable_days')} of {paper.get('needed_days')} profitable days"
        found.append({"words": f"Paper time: {days}", "until": paper.get("until")})
    if adjust:
        trades = f"{adjust.get('trades')} of {adjust.get('needed_trades')} trades"
        found.append({"words": f"Half sizes: {trades}", "until": adjust.get("until")})
    if told.get("no_promotion_before") and notice(told) is None:
        found.append({"words": "No promotion for", "until": told["no_promotion_before"]})
    return found


# -- up and down -----------------------------------------------------------------------------
def _ceremony(told: State) -> Part | None:
    ceremony, above = told.get("ceremony"), str(told.get("next_tier") or "")
    if not ceremony:
        return None
    return {
        "tier": above,
        "phrase": ceremony.get("phrase"),
        "until": ceremony.get("until"),
        "unlocks": [feature(name) for name in ceremony.get("unlocks") or ()],
        "duties": list(DUTIES),
        "adjust": list(ADJUST),
    }


def feature(name: str) -> str:
    return FEATURES.get(name, name.replace("_", " "))


def notice(told: State) -> Part | None:
    """What happened on a step down or a halt, what is safe, and what the way back asks."""
    mode, history = str(told.get("mode", "")), list(told.get("history") or ())
    if mode not in _NOTICES and not (history and _is_descent(history[-1])):
        return None
    last: State = next((one for one in reversed(history) if _is_descent(one)), {})
    source, target = _name(last.get("from")), _name(last.get("to"))
    led = f"The way led from {source} to {target}." if source != target else ""
    reason = sentence(last.get("reason"))
    return {
        "title": _NOTICES.get(mode, f"Back to {target}"),
        "happened": " ".join(filter(None, (f"{reason}." if reason else "", led))),
        "at": stamp(last.get("at")),
        "safe": _KEPT.get(mode, _KEPT["DOWN"]),
        "reduce": [
            f"{quantity(one.get('quantity'))} {one.get('symbol')}"
            for one in told.get("reduce_only") or ()
        ],
        "asks": _plan(told),
        "until": told.get("no_promotion_before"),
    }


def _is_descent(change: State) -> bool:
    down = _rank(change.get("to")) < _rank(change.get("from"))
    worse = change.get("mode") in ("EMERGENCY", "HALTED")
    return down or (worse and change.get("mode") != change.get("from_mode"))


def _rank(tier: Any) -> int:
    return TIERS.index(tier) if tier in TIERS else -1


def _name(tier: Any) -> str:
    return str(tier or "").lower()


def _change(one: State) -> Part:
    source, target = str(one.get("from", "")), str(one.get("to", ""))
    was, now = str(one.get("from_mode", "")), str(one.get("mode", ""))
    way = f"{source} to {target}" if source != target else target
    modes = MODES.get(now, now.lower()) if was != now or source == target else ""
    return {
        "at": stamp(one.get("at")),
        "way": way.lower(),
        "mode": modes,
        "reason": sentence(one.get("reason")),
        "up": _rank(target) > _rank(source),
    }


# -- POST /tier/ceremony ---------------------------------------------------------------------
def ceremony_answer(status: int, body: Any) -> Part:
    """How the engine answered the phrase, in calm words."""
    told = body if isinstance(body, dict) else {}
    if status == 200:
        return {"held": True, "tier": told.get("tier"), "words": ""}
    if status == 400:
        words = "Not these words: they must be exact, letter by letter. Nothing has changed."
        return {"held": False, "words": words}
    reason = sentence(told.get("reason") or told.get("detail") or f"the engine answered {status}")
    return {"held": False, "words": f"{reason.rstrip('.')}. Nothing has changed."}
