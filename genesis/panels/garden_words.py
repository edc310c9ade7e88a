"""What the engine answers and decides, in the calm words of the garden. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from genesis.domain.approval import told_once
from genesis.domain.slicing import Algorithm
from genesis.domain.time import format_utc
from genesis.panels.views import clock, price, quantity, sentence, signed

State = Mapping[str, Any]
Part = dict[str, Any]


# -- answers and notes -----------------------------------------------------------------------
def answer(path: str, status: int, body: Any) -> Part:
    """An answer of the engine in calm words: verdict, title, further lines, end of a refusal."""
    told = body if isinstance(body, dict) else {}
    if path == "/emergency/close-all" and "positions_closed" in told:
        return _closed_all(told)
    verdict = told.get("verdict")
    if verdict == "approved":
        return _approved(told)
    if verdict == "refused":
        return _refused(told)
    if verdict == "not_understood":
        return _said("unread", sentence(told.get("reason")))
    words = told.get("reason") or told.get("detail") or f"the engine answered {status}"
    return _said("refused" if status >= 400 else "approved", sentence(words))


def _said(verdict: str, title: str, lines: Sequence[str] = (), until: Any = None) -> Part:
    return {"verdict": verdict, "title": title, "lines": list(lines), "until": until}


def _approved(told: State) -> Part:
    notes = [sentence(note) for note in told.get("notes") or ()]
    if told.get("qty"):
        return _said("approved", f"Approved: {quantity(told['qty'])} {told.get('symbol')}", notes)
    return _said("approved", notes[0] if notes else "Done.", notes[1:])


def _refused(told: State) -> Part:
    others = [each for each in told.get("all") or () if each.get("reason") != told.get("reason")]
    lines = [sentence(each.get("reason")) for each in told_once(others)]
    return _said("refused", f"Refused: {told.get('reason')}", lines, told.get("until"))


def _closed_all(told: State) -> Part:
    count, errors = int(told.get("positions_closed") or 0), told.get("errors") or ()
    if not count and not errors:
        return _said("approved", "There was nothing to close.")
    noun = "position" if count == 1 else "positions"
    title = f"{count} {noun} closed, {signed(told.get('total_pnl'))} USDT."
    return _said("refused" if errors else "approved", title, [sentence(each) for each in errors])


def note(message: State) -> Part | None:
    """A decision of the engine as a line of the garden's diary, or None."""
    tell = _NOTES.get(str(message.get("kind")))
    words = None if tell is None else tell(message)
    if words is None:
        return None
    return {"at": clock(format_utc(int(message.get("ts_ns") or 0))), "words": words}


def _note_opened(told: State) -> str:
    base, at = str(told.get("symbol")).partition("/")[0], price(told.get("entry_price"))
    return f"\u2713 Bought {quantity(told.get('qty'))} {base} @ ${at.removesuffix('.00')}"


def _note_closed(told: State) -> str:
    how = "Stopped out" if told.get("reason") == "stop" else "Closed"
    result = f"{signed(told.get('pnl_usdt'), 4)} USDT"
    return f"{how}: {told.get('symbol')} at {price(told.get('exit_price'))}, {result}."


def _note_refused(told: State) -> str | None:
    failures = told.get("failures") or ()
    if told.get("source") == "operator" or not failures:
        return None  # the operator was answered already
    return f"Refused, {told.get('source')}: {failures[0].get('reason')}."


def _note_counted(told: State) -> str:
    codes, count = told.get("codes") or ("",), int(told.get("count") or 0)
    times = "once more" if count == 1 else f"{count} times more"
    return f"Refused {times}, {told.get('source')}: {codes[0]}."


def _note_receipt(told: State) -> str | None:
    """What came of an order that was sent in slices; of others the position tells."""
    if told.get("algorithm") not in tuple(Algorithm):
        return None
    base = str(told.get("symbol")).partition("/")[0]
    filled, whole = quantity(told.get("filled_qty")), quantity(told.get("qty"))
    got = told.get("average_price")
    at = "" if got is None else f" at {price(got)}"
    name = str(told.get("algorithm"))
    shown = name.capitalize() if name == "iceberg" else name.upper()
    return f"{shown}, {told.get('ended')}: {filled} of {whole} {base}{at}."


_NOTES: Final[dict[str, Callable[[State], str | None]]] = {
    "PositionOpened": _note_opened,
    "PositionClosed": _note_closed,
    "OrderRefused": _note_refused,
    "OrderReceipt": _note_receipt,
    "RefusalsCounted": _note_counted,
    "TiltLevelChanged": lambda told: f"Tilt is {told.get('new')} now: {told.get('reason')}.",
    "TierChanged": lambda told: f"{told.get('tier')}, {told.get('mode')}: {told.get('reason')}.",
    "TierAnnounced": lambda told: " · ".join(str(told.get("message", "")).splitlines()),
    "LimitedHourStarted": lambda told: "The limited hour begins.",
    "LimitedHourEnded": lambda told: "The limited hour is over.",
    "Halted": lambda told: f"Halted: {told.get('reason')}.",
}
