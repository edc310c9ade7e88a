"""A snapshot of any shape is taken whole, or refused by the name of the field."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.errors import DataError
from genesis.rules import load
from genesis.tilt import TiltDetector
from tests.support.acts import CHASE, act, close, entry, feed

RULES = load("sniper").tilt


def busy() -> TiltDetector:
    """A detector with something in every part."""
    detector = TiltDetector(RULES)
    for i in range(30):
        given = {"session": f"s{i // 10}", "latency_ms": 3000, "keys": 20, "backspaces": i % 3}
        feed(detector, [entry(900 * i, 0.6, **given), close(900 * i + 60, (-1, 1.2)[i % 2])])
    feed(detector, [act(30_000, "CLICK"), act(30_001, "JOURNAL_OPEN"), act(30_002, "DEPOSIT")])
    feed(detector, [act(30_003, "OVERRIDE_ATTEMPT", reason="phrase")])
    detector.baselines.archive(detector.now_ns, "why")
    detector.baselines.rings["gap"].start = (5.0, 0.5)
    return detector


WHOLE: dict[str, Any] = json.loads(busy().snapshot()[65:])


def packed(document: Any) -> bytes:
    body = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    return hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document; of long lists the first two only."""
    found = [at] if at else []
    if isinstance(value, dict):
        for key, part in value.items():
            found += paths(part, (*at, key))
    if isinstance(value, list):
        for i, part in enumerate(value[:2]):
            found += paths(part, (*at, i))
    return found


def with_(path: tuple[Any, ...], bad: Any) -> Any:
    document = json.loads(json.dumps(WHOLE))
    part = document
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = bad
    return document


PLACES = paths(WHOLE)
ODD: list[Any] = [None, "x", "", -1, -1.5, 1e400, float("nan")]
ODD += [[], {}, True, [[]], {"a": 1}, 10**30]


def test_a_whole_one_comes_back_bit_for_bit() -> None:
    detector = busy()
    assert TiltDetector.restore(RULES, detector.snapshot()).snapshot() == detector.snapshot()


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(PLACES), st.sampled_from(ODD))
def test_any_odd_value_is_refused_by_name_or_harmless(path: tuple[Any, ...], bad: Any) -> None:
    """What is taken must be good enough to go on with, and to be kept again."""
    try:
        detector = TiltDetector.restore(RULES, packed(with_(path, bad)))
    except DataError as refused:
        assert "tilt snapshot: " in str(refused)
        return
    score = feed(detector, [entry(10**6), close(10**6 + 1), act(10**6 + 2, "CLICK")])
    assert 0 <= score.score <= 100
    assert detector.profile() and detector.calculate_baseline()
    again = TiltDetector.restore(RULES, detector.snapshot())
    assert again.snapshot() == detector.snapshot()


@pytest.mark.parametrize("path", [p for p in PLACES if isinstance(p[-1], str)], ids=str)
def test_a_missing_field_is_named(path: tuple[Any, ...]) -> None:
    document = json.loads(json.dumps(WHOLE))
    part = document
    for key in path[:-1]:
        part = part[key]
    del part[path[-1]]
    optional = len(path) > 1 and path[-2] in ("stopped_out_us", "amounts")
    optional |= path[:2] == ("today", "acts")
    optional |= path[:2] == ("baselines", "versions") and len(path) > 4
    try:
        TiltDetector.restore(RULES, packed(document))
    except DataError as refused:
        assert str(path[-1]) in str(refused)
    else:
        assert optional


@pytest.mark.parametrize(
    ("snapshot", "said"),
    [
        (b"", "digest"),
        (b"0" * 64 + b"\n{}", "digest"),
        (packed(WHOLE)[:-1], "digest"),
        (packed(WHOLE).decode(), "bytes are needed"),
        (None, "bytes are needed"),
        (packed([]), "version"),
        (packed({}), "version"),
        (packed(None), "version"),
        (packed(WHOLE | {"version": 1}), "of version 1, this build reads version 5"),
        (packed(WHOLE | {"version": "2"}), "version"),
        (packed(WHOLE | {"now_ns": 5}), "it is from after now_ns"),
    ],
)
def test_damage_is_told(snapshot: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        TiltDetector.restore(RULES, snapshot)


def test_deep_nesting_is_no_crash() -> None:
    body = b"[" * 100_000
    with pytest.raises(DataError, match="no JSON"):
        TiltDetector.restore(RULES, hashlib.sha256(body).hexdigest().encode() + b"\n" + body)


def test_a_refused_one_leaves_the_detector_as_it_was() -> None:
    from genesis.tilt.snapshot import load as load_into

    detector = TiltDetector(RULES)
    feed(detector, CHASE)
    before = detector.snapshot()
    for path in PLACES[::17]:
        try:
            load_into(detector, packed(with_(path, "x")))
        except DataError:
            assert detector.snapshot() == before
        else:
            load_into(detector, before)
