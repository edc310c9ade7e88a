"""REPEATABILITY: does the same run decide the same again, here and in other processes?"""

import pickle
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from genesis.research.guards.compare import differing, first_difference
from genesis.research.guards.elsewhere import HASH_SEEDS, Answer, Task, answers, pickled
from genesis.research.guards.findings import Finding, Guard, Report
from genesis.research.guards.several import Data, between, each, stamps
from genesis.research.guards.subject import Subject
from genesis.research.guards.trace import Trace
from genesis.strategy import Strategy

Ask = Callable[[Sequence[bytes], str], list[Answer]]
"""Runs tasks in a process of a hash seed."""

_LEFT_OVER: Final = (
    "keep what a strategy remembers in the object and make it in __init__: nothing that changes "
    "belongs to the class, the module or a default argument"
)
_ORDERED: Final = (
    "never let the order of a set, `hash()`, `id()`, the clock or random numbers decide: use a "
    "list, a dict, or sorted(...)"
)


def repeat(subject: Subject, data: Data, whole: Trace, ask: Ask = answers) -> Report:
    """Run once more here, and once in each of two processes under hash seeds 0 and 1.

    whole: the first run. Other processes are asked where the strategy can be sent there: by name,
    or as something that can be pickled from a module.
    """
    before = _state(subject)
    findings = list(_again(subject, data, whole))
    if before is not None and _state(subject) != before:
        what = "a run changed the strategy object that was given, though it runs on a copy"
        findings.append(Finding(Guard.REPEAT, None, what, _LEFT_OVER))
    if findings:
        return Report(Guard.REPEAT, "again in this process", 1, tuple(findings))
    try:
        task = pickled(Task(subject, data))
    except ValueError as error:
        note = f"repeat: not run in other processes: {error}"
        return Report(Guard.REPEAT, "again in this process", len(whole.wishes), (), (note,))
    with ThreadPoolExecutor(len(HASH_SEEDS)) as pool:
        found = list(pool.map(lambda seed: _asked(ask, task, seed), HASH_SEEDS))
    notes = tuple(
        f"repeat: not run in another process: {answer.unread}" for answer in found if answer.unread
    )
    findings += _elsewhere(whole, found)
    told = "again in this process, and in two others under hash seeds 0 and 1"
    return Report(Guard.REPEAT, told, len(whole.wishes), tuple(findings), notes[:1])


def _again(subject: Subject, data: Data, whole: Trace) -> Iterator[Finding]:
    """Once more at once, and once more after a run on some of the data: what is left over from a
    run may come round to the same in one of them.
    """
    for words in ("a second run", "a run after one on other data"):
        if words != "a second run":
            subject.run(_part(data))
        again = subject.run(data)
        if again.broke is not None:
            what = f"{words} in the same process breaks: {again.broke.what}"
            yield Finding(Guard.REPEAT, again.broke.at_ns, what, _LEFT_OVER)
            return
        found = first_difference(whole, again)
        if found is not None:
            what = (
                f"{words} in the same process decides {found.other}; the first decided {found.one}"
            )
            yield Finding(Guard.REPEAT, found.at_ns, what, _LEFT_OVER)
            return


def _part(data: Data) -> Data:
    """The first part of the data: about two fifths of every symbol's."""
    found = [stamps(market) for market in each(data)]
    return between(data, None, max(int(one[len(one) * 2 // 5]) for one in found) + 1)


def _asked(ask: Ask, task: bytes, seed: str) -> Answer:
    try:
        return ask([task], seed)[0]
    except RuntimeError as error:
        return Answer(unread=str(error))


def _elsewhere(whole: Trace, found: Sequence[Answer]) -> Iterator[Finding]:
    agree = len({(answer.digest, answer.wishes, answer.broke) for answer in found}) == 1
    remedy = f"{_LEFT_OVER}; and {_ORDERED}" if agree else _ORDERED
    for seed, answer in zip(HASH_SEEDS, found, strict=True):
        where = f"in another process under hash seed {seed}"
        if answer.unread:
            continue
        if answer.broke:
            yield Finding(Guard.REPEAT, None, f"{where} {answer.broke}", remedy)
            return
        differs = differing(whole.wishes, answer.wishes)
        if differs is not None:
            what = f"{where} it decides {differs.other}, here {differs.one}"
            yield Finding(Guard.REPEAT, differs.at_ns, what, remedy)
            return
        if answer.digest != whole.digest:
            what = f"{where} the same wishes lead to other decisions (another digest)"
            yield Finding(Guard.REPEAT, None, what, remedy)
            return


def _state(subject: Subject) -> bytes | None:
    """What the object that was given holds; None where there is none or it cannot be told."""
    if not isinstance(subject.given, Strategy) or isinstance(subject.given, type):
        return None
    try:
        return pickle.dumps(subject.given)
    except Exception:  # noqa: BLE001  # then other processes are not asked either, which is told
        return None
