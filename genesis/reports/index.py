"""One page over all reports, and the same in Markdown for a mail: what the nights have left.

Both tell the state of the home and nothing of the hour they were made in: a night that finds
nothing new writes the same bytes again.
"""

from collections.abc import Collection, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any, Final, NamedTuple

from genesis.reports.html import render
from genesis.reports.summary import Summary
from genesis.reports.verify import Proof

MAILED_DAYS: Final = 7
NAMES: Final = {"daily": "the day", "tier_evaluation": "the tier"}
"""Links by report."""
UNVERIFIED: Final = "The record could not be verified last night."


def page(
    days: Sequence[Summary],
    made: Collection[str],
    proof: Proof,
    failed: Sequence[str],
) -> str:
    """The page; `made` holds what there is, such as `2024-08-08/daily`."""
    most = max((abs(day.pnl) for day in days if day.pnl is not None), default=Decimal(0))
    rows = [_row(day, made, most) for day in reversed(days)]
    months = [
        {"name": month, "days": list(part), "total": _month_total(days, month)}
        for month, part in groupby(rows, lambda row: row["date"][:7])
    ]
    words = words_of(proof)
    return render("index.html.j2", months=months, proof=words, failed=failed, days=len(days))


def _row(day: Summary, made: Collection[str], most: Decimal) -> dict[str, Any]:
    names = [each.partition("/")[2] for each in made if each.startswith(f"{day.date}/")]
    links = [{"href": f"{day.date}/{name}.html", "name": NAMES.get(name, name)} for name in names]
    share = abs(day.pnl) / most if day.pnl and most else Decimal(0)
    return {
        "date": day.date,
        "pnl": _signed(day.pnl),
        "tone": _tone(day.pnl),
        "share": f"{share:.3f}",
        "equity": _money(day.equity),
        "trades": _number(day.trades),
        "wins": _number(day.wins),
        "refusals": _number(day.refusals),
        "tilt": day.tilt,
        "links": links,
    }


def _month_total(days: Sequence[Summary], month: str) -> dict[str, str]:
    known = [day.pnl for day in days if day.date.startswith(month) and day.pnl is not None]
    total = sum(known, Decimal(0)) if known else None
    return {"pnl": _signed(total), "tone": _tone(total)}


def title(days: Sequence[Summary], failed: Sequence[str]) -> str:
    """The subject of the notice."""
    if failed:
        return f"Genesis: {_count(len(failed), 'thing')} failed last night"
    if not days:
        return "Genesis: no day to report on yet"
    last = days[-1]
    return f"Genesis {last.date}: {_signed(last.pnl)} USDT, {_count(last.trades or 0, 'trade')}"


def markdown(days: Sequence[Summary], proof: Proof, failed: Sequence[str]) -> str:
    """The summary for a mail: the newest days, the proof, what failed."""
    lines = [f"# Genesis, through {days[-1].date}" if days else "# Genesis: no day is over yet", ""]
    if failed:
        lines += ["## What failed", "", *(f"- {line}" for line in failed), ""]
    if days:
        lines += [
            "| day | result USDT | equity | trades | won | refused | tilt at most |",
            "|---|---:|---:|---:|---:|---:|---|",
            *(_line(day) for day in reversed(days[-MAILED_DAYS:])),
            "",
        ]
    lines += [" ".join(filter(None, words_of(proof))), ""]
    return "\n".join(lines)


def _line(day: Summary) -> str:
    cells = (
        day.date,
        _signed(day.pnl),
        _money(day.equity),
        _number(day.trades),
        _number(day.wins),
        _number(day.refusals),
        day.tilt,
    )
    return "| " + " | ".join(map(str, cells)) + " |"


class Words(NamedTuple):
    """How far the record is known to hold: what is to worry about, and what is told quietly."""

    warning: str
    quiet: str


def words_of(proof: Proof) -> Words:
    found = proof.verified
    if found is None and proof.is_fresh:
        return Words("", "The record was not verified yet.")
    if found is None:
        return Words(UNVERIFIED, "It was never verified before.")
    if not found.is_sound:
        if proof.is_fresh:
            return Words(f"The record does not hold: {found.fault}.", "")
        return Words(UNVERIFIED, f"When it last was, it did not hold: {found.fault}.")
    told = (
        f"{found.events:,} events through {found.through} were run again "
        f"and led to the same decisions. Head: row {found.row:,}, {found.head}."
    )
    if proof.is_fresh:
        return Words("", f"The record holds: {told}")
    return Words(UNVERIFIED, f"When it last was, it held: {told}")


def _number(count: int | None) -> str:
    return "–" if count is None else str(count)


def _signed(amount: Decimal | None) -> str:
    return "–" if amount is None else f"{amount:+,.2f}".replace("-", "−")


def _money(amount: Decimal | None) -> str:
    return "–" if amount is None else f"{amount:,.2f}"


def _tone(amount: Decimal | None) -> str:
    if not amount:
        return "quiet"
    return "gain" if amount > 0 else "loss"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
