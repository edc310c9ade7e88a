"""A day in words: first line, cards, and one function for every table of a report."""

from typing import Any, Final

import pandas as pd

from genesis.research.day_facts import DayFacts
from genesis.research.day_headroom import WORDS as LIMITS
from genesis.research.style import (
    NONE,
    Card,
    Shown,
    cards,
    note,
    percent,
    plain_text,
    share,
    signed,
    span,
    table,
)

_SMALL: Final = 0.005


def first_line(day: DayFacts) -> Shown:
    """Coverage and log head: what the report rests on."""
    kind = "paper" if day.account["is_paper"] else "live"
    lines = [f"{day.date} · {kind} account on {day.account['venue'] or 'an unknown venue'}"]
    lines.append(f"Coverage: {day.coverage}.")
    lines.append(f"Log head: {day.head}.{_tie_out(day)}")
    return note("\n".join(lines))


def _tie_out(day: DayFacts) -> str:
    off = day.tie_out_usdt
    if off is None:
        return ""
    if abs(off) < _SMALL:
        return " Equity at the close equals what the engine wrote down."
    return f" The engine wrote down {signed(off)} USDT more at the close than is worked out here."


def overview(day: DayFacts) -> Shown:
    """The figures a trader looks for first."""
    return cards(
        [
            *(_result(day), _trades(day), _fall(day), _room(day)),
            *(_tilt(day), _refused(day), _rest(day), _week(day)),
        ]
    )


def _mood(amount: float) -> str:
    if abs(amount) < _SMALL:
        return ""
    return "up" if amount > 0 else "down"


def _result(day: DayFacts) -> Card:
    part = day.result_usdt / day.start_usdt if day.start_usdt else float("nan")
    told = f"{percent(part)}, {day.start_usdt:,.2f} to {day.end_usdt:,.2f}"
    if abs(day.flows_usdt) >= _SMALL:
        told += f", {signed(day.flows_usdt)} came or went"
    return Card("result of the day", f"{signed(day.result_usdt)} USDT", told,
                _mood(day.result_usdt))  # fmt: skip


def _trades(day: DayFacts) -> Card:
    trades = day.trades
    if trades.empty:
        return Card("trades", "none", "no trade was closed")
    wins = int((trades["pnl_usdt"] > 0).sum())
    in_r = trades["r"].dropna()
    told = f"{wins} won, {len(trades) - wins} lost"
    if len(in_r):
        told += f", {signed(in_r.sum())} R"
    return Card("trades closed", str(len(trades)), f"{told}, fees {trades['fees_usdt'].sum():,.2f}")


def _fall(day: DayFacts) -> Card:
    under = day.underwater
    if not under.deepest_usdt:
        return Card("deepest fall", "0.00 USDT", "never below an earlier high")
    minutes = span(under.longest_minutes * 60)
    told = f"{share(under.deepest_fraction, 2)} of the high; at the longest {minutes} under water"
    return Card("deepest fall", f"{under.deepest_usdt:,.2f} USDT", told)


def _tilt(day: DayFacts) -> Card:
    score, level, at = day.tilt.highest
    count = len(day.tilt.interventions)
    told = "no intervention" if not count else f"{count} intervention{'s' * (count > 1)}"
    when = "" if at is None or not score else f", at {at:%H:%M}"
    mood = "down" if level in ("WARNING", "LOCKED") else ""
    return Card("tilt, highest", f"{score} {level.lower()}", f"{told}{when}", mood)


def _refused(day: DayFacts) -> Card:
    refusals, answered = day.gate_refusals, len(day.refusals) - len(day.gate_refusals)
    besides = f"; besides, {answered} command{'s' * (answered > 1)} answered with no"
    besides = besides if answered else ""
    if refusals.empty:
        return Card("refused", "nothing", f"the gate let every order pass{besides}")
    known = refusals["hour_usdt"].dropna()
    reasons = refusals["code"].nunique()
    told = f"{reasons} reason{'s' * (reasons > 1)}"
    if len(known):
        told += f"; within an hour worth about {signed(known.sum())} USDT, an estimate"
    return Card("refused", str(len(refusals)), told + besides)


def _room(day: DayFacts) -> Card:
    smallest = day.headroom.smallest
    losses = smallest[smallest["limit"].str.startswith(("daily", "drawdown"))]
    if losses.empty:
        return Card("nearest limit", NONE, "the rulebook has no loss limits")
    row = losses.iloc[0]
    told = f"{row['used']:,.2f} of {row['allowed']:,.2f} {row['unit']}: {LIMITS[row['limit']]}"
    return Card("nearest loss limit", f"{share(row['closest'], 0)} used", told)


def _rest(day: DayFacts) -> Card:
    held = day.open_positions
    tier = f"{day.tier.tier} {day.tier.mode}".lower()
    if held.empty:
        return Card("overnight", "flat", tier)
    told = f"{signed(held['result_usdt'].sum())} USDT so far; {tier}"
    return Card("overnight", f"{held['value_usdt'].sum():,.2f} USDT", told)


def _week(day: DayFacts) -> Card:
    week = day.week
    days = f"{len(week)} day{'s' * (len(week) > 1)} with data, {int(week['trades'].sum())} trades"
    result = float(week["result_usdt"].sum())
    return Card("seven days", f"{signed(result)} USDT", days, _mood(result))


def whole(day: DayFacts) -> Shown:
    """The day at a glance, for a notebook."""
    parts = (first_line(day), overview(day))
    return Shown("".join(p.html for p in parts), "\n".join(p.plain for p in parts))


# -- tables ----------------------------------------------------------------------------------
def _price(value: Any) -> str:
    return plain_text(value) if value is None or value != value else f"{value:,.2f}"


def _qty(value: Any) -> str:
    return f"{value:,.8f}".rstrip("0").rstrip(".")


def _minute(value: Any) -> str:
    return NONE if value is None or value is pd.NaT else str(value.strftime("%H:%M"))


def _day(value: Any) -> str:
    return str(value.strftime("%a %d %b"))


def trades_table(day: DayFacts) -> Shown:
    """Every closed trade."""
    return table(
        day.trades,
        names={
            "closed": "closed", "symbol": "symbol", "who": "by", "entry": "entry", "exit": "exit",
            "qty": "quantity", "pnl_usdt": "result", "r": "R", "mae_r": "worst, R",
            "mfe_r": "best, R", "fees_usdt": "fees", "reason": "left by", "hold_s": "held",
            "level": "tilt",
        },
        formats={
            "entry": _price, "exit": _price, "qty": _qty, "pnl_usdt": signed, "r": signed,
            "mae_r": signed, "mfe_r": signed, "hold_s": span, "level": str.lower,
        },
        caption="Results are net of fees. R: over what the first stop risked. Worst and best: the "
        "position's largest loss and gain while it was open.",
        empty="No trade was closed on this day.",
    )  # fmt: skip


def open_table(day: DayFacts) -> Shown:
    return table(
        day.open_positions,
        names={"symbol": "symbol", "qty": "quantity", "cost_usdt": "cost", "mark": "mark",
               "value_usdt": "value", "result_usdt": "result so far"},
        formats={"qty": _qty, "mark": _price, "result_usdt": signed},
        empty="Nothing was held at the end of the day.",
    )  # fmt: skip


def refusals_table(day: DayFacts) -> Shown:
    """Refusals by reason, with what they may have been worth."""
    return table(
        day.refusals_by_reason,
        names={"count": "times", "code": "code", "reason": "reason",
               "hour_usdt": "next hour", "day_usdt": "to the day's end",
               "estimated": "estimated", "note": "why not estimated"},
        formats={"hour_usdt": signed, "day_usdt": signed},
        caption="Worth, in USDT: what the refused trades would have made, an estimate. Each stands "
        "alone, of the size the tier allows, entered at the next full minute, left at its stop or "
        "when the time is over, fees paid. Below zero the refusal kept a loss away.",
        empty="Nothing was refused on this day.",
    )  # fmt: skip


def refusals_details(day: DayFacts) -> Shown:
    return table(
        day.refusals,
        names={"at": "at", "who": "by", "symbol": "symbol", "asked_usdt": "asked for",
               "codes": "failed checks", "reason": "reason", "hour_r": "next hour, R",
               "day_r": "day's end, R"},
        formats={"hour_r": signed, "day_r": signed},
        empty="Nothing was refused on this day.",
    )  # fmt: skip


def locks_table(day: DayFacts) -> Shown:
    return table(
        day.locks,
        names={"from": "from", "to": "to", "seconds": "for", "kind": "by", "reason": "reason"},
        formats={"seconds": span},
        empty="New risk was possible all day.",
    )


def interventions_table(day: DayFacts) -> Shown:
    return table(
        day.tilt.interventions,
        names={"opened": "opened", "level": "level", "paused_s": "paused for", "words": "words due",
               "pages": "pages handed in", "ended": "ended", "how": "by"},
        formats={"paused_s": span},
        caption="Of a page only its length and its verdict are in the log; the text is private.",
        empty="No intervention on this day.",
    )  # fmt: skip


def headroom_table(day: DayFacts) -> Shown:
    frame = day.headroom.smallest.assign(name=lambda f: f["limit"].map(LIMITS))
    return table(
        frame,
        names={"name": "limit", "closest": "used at most", "used": "used", "allowed": "allowed",
               "left": "left", "unit": "unit", "at": "at"},
        formats={"closest": share, "at": _minute},
        caption="By full minutes; falls are from the highest result on record. An entry is judged "
        "against its limits; a rise of the price afterwards may carry a position above one.",
        empty="The rulebook has no limits.",
    )  # fmt: skip


def sessions_table(day: DayFacts) -> Shown:
    return table(
        day.sessions,
        names={"started": "from", "ended": "to", "type": "type", "start_usdt": "balance before",
               "end_usdt": "after", "trades": "trades", "wins": "won", "losses": "lost",
               "pnl_usdt": "result", "max_drawdown_usdt": "deepest fall",
               "tilt_events": "interventions"},
        formats={"started": _minute, "ended": _minute, "pnl_usdt": signed, "type": str.lower},
        caption="A session ends after half an hour without a sign of life while flat, or with the "
        "run. Balances are realised: open positions stand in them at cost.",
        empty="No session on this day: nothing was asked for.",
    )  # fmt: skip


def week_table(day: DayFacts) -> Shown:
    return days_table(day.week)


def days_table(frame: pd.DataFrame) -> Shown:
    return table(
        frame.iloc[::-1],
        names={"date": "day", "start_usdt": "start", "end_usdt": "end", "result_usdt": "result",
               "result_fraction": "of the start", "trades": "trades", "wins": "won", "r": "R",
               "flows_usdt": "came or went"},
        formats={"date": _day, "result_usdt": signed, "result_fraction": percent, "r": signed,
                 "flows_usdt": lambda v: NONE if abs(v) < _SMALL else signed(v)},
        caption="Each day from its start to the next day's, without money that came or went.",
    )  # fmt: skip


def gaps_table(day: DayFacts) -> Shown:
    return table(
        day.coverage.gaps,
        names={"kind": "what", "what": "of", "from": "from", "to": "to", "seconds": "for",
               "reason": "reason"},
        formats={"seconds": span},
        empty="No gap: everything ran, and every feed was heard.",
    )  # fmt: skip


def gates_table(day: DayFacts) -> Shown:
    """The gates as the engine evaluated them, with the evidence it had."""
    return table(
        day.tier.gates,
        names={"gate": "gate", "required": "required", "current": "current", "passed": "passed"},
        empty="The engine recorded no gates for this day.",
    )


def missing_words(day: DayFacts) -> Shown:
    """What stands between here and the next tier, a sentence a gate."""
    gates = day.tier.gates
    if gates.empty:
        return note("Nothing can be said without an evaluation.")
    closed = gates[~gates["passed"].astype(bool)]
    if closed.empty:
        return note("Nothing: every gate is passed.")
    lines = [f"{row.gate}: {row.missing}." for row in closed.itertuples()]
    return note("\n".join(line[0].upper() + line[1:] for line in lines))


def odds_table(day: DayFacts) -> Shown:
    """How likely each gate is passed without merit, or missed with it."""
    return table(
        day.tier.gates,
        names={"gate": "gate", "false_promotion": "passed without merit",
               "false_block": "missed with merit", "odds": "how it is counted"},
        formats={"false_promotion": _odds, "false_block": _odds},
        caption="Without merit: no edge, so one day in two ends profitable. With merit: seven good "
        "days in ten. Every day is counted as a toss of its own.",
        empty="Nothing can be said without an evaluation.",
    )  # fmt: skip


def _odds(value: Any) -> str:
    return "not known yet" if value != value else share(value, 0)


def tier_words(day: DayFacts) -> Shown:
    """What the engine itself found, in a sentence or two."""
    tier = day.tier
    told = f"Tier {tier.tier}, mode {tier.mode}."
    if not tier.evaluated or tier.evaluated_at is None:
        return note(
            f"{told} No evaluation of this day is recorded: the engine evaluates a closed day at "
            "00:05 UTC, or when it starts again."
        )
    told += f" Evaluated by the engine at {tier.evaluated_at:%Y-%m-%d %H:%M:%S} UTC: "
    if tier.gates.empty:
        return note(told + "no way up is built from this tier.")
    open_ = tier.gates.loc[~tier.gates["passed"].astype(bool), "gate"]
    if tier.passed:
        return note(told + "every gate passed.")
    return note(f"{told}{len(open_)} of {len(tier.gates)} gates are closed: {', '.join(open_)}.")


def tier_changes_table(day: DayFacts) -> Shown:
    return table(day.tier.changes, empty="Tier and mode did not change on this day.")
