"""Paths of equity and tilt: short, in order, with their peaks, and the same after a restart."""

from pathlib import Path as Folder

from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.account import TiltLevel
from genesis.domain.events import BalanceReported
from genesis.domain.outcomes import TiltScored
from genesis.domain.time import DAY, HOUR, MILLISECOND, SECOND
from genesis.engine.engine import Engine
from genesis.engine.step import Step
from genesis.service.restart import remember
from genesis.service.trail import EVERY_NS, MOST_EQUITY, MOST_TILT, Path, Trail
from genesis.store.database import DATABASE_NAME
from genesis.store.event_log import EventLog
from tests.support.api import RULES, T0, Room
from tests.support.build import tick

GAPS = st.lists(st.integers(0, 10_000_000), min_size=1, max_size=400)


@given(GAPS, st.integers(8, 40))
def test_a_path_is_in_order_short_and_ends_with_the_newest(gaps: list[int], most: int) -> None:
    path: Path[tuple[int, float]] = Path(most, lambda _: 0.0)
    at, points = 0, []
    for n, gap in enumerate(gaps):
        at += gap
        points.append((at, float(n)))
        path.add(points[-1])
        assert len(path.points) <= most
        assert path.points[-1] == points[-1]
    times = [point[0] for point in path.points]
    assert times == sorted(set(times))
    assert set(path.points) <= set(points)


@given(GAPS, st.data())
def test_the_highest_score_is_never_thinned_away(gaps: list[int], data: st.DataObject) -> None:
    path: Path[tuple[int, int, str]] = Path(8, lambda point: point[1])
    at, highest = 0, -1
    for gap in gaps:
        at += gap + 1
        score = data.draw(st.integers(0, 100))
        highest = max(highest, score)
        path.add((at, score, "NORMAL"))
    assert max(point[1] for point in path.points) == highest


def test_two_days_fit_and_older_ones_are_forgotten() -> None:
    path: Path[tuple[int, float]] = Path(MOST_EQUITY, lambda _: 0.0)
    step = EVERY_NS // MILLISECOND
    for n in range(2 * DAY // EVERY_NS):
        path.add((n * step, 1.0))
    assert MOST_EQUITY // 3 < len(path.points) <= MOST_EQUITY
    gaps = [b[0] - a[0] for a, b in zip(path.points, path.points[1:], strict=False)]
    assert max(gaps) < HOUR // MILLISECOND
    path.forget(DAY // MILLISECOND)
    assert path.points[0][0] >= DAY // MILLISECOND


def test_it_looks_now_and_then_and_a_restart_sees_the_same(tmp_path: Folder) -> None:
    room = Room(tmp_path)
    room.ask(("POST", "/commands", {"text": "buy 100 usdt btc"}))
    for n in range(40):
        room.at(str(60_000 - 10 * n))
    seen = room.trail.equity()
    assert 40 * SECOND // EVERY_NS <= len(seen) <= 40 * SECOND // EVERY_NS + 2
    assert seen[0][0] == T0 // MILLISECOND
    assert seen[-1][1] < seen[0][1]
    assert len(room.trail.tilt()) == len(seen) <= MOST_TILT
    room.close()
    with EventLog.open(tmp_path / DATABASE_NAME) as log:
        past = remember(log, lambda done, total: None)
    assert past.trail.equity() == seen
    assert past.trail.tilt() == room.trail.tilt()


def test_before_the_account_is_opened_there_is_no_path() -> None:
    trail, engine = Trail(), Engine(RULES)
    for event in (tick(T0, "60000"), BalanceReported(T0, ())):
        trail.see(engine, engine.handle(event))
    assert trail.equity() == trail.tilt() == []


def test_a_change_of_tilt_is_seen_at_once(tmp_path: Folder) -> None:
    room = Room(tmp_path)
    event = tick(T0 + SECOND, "60000")
    step = room.engine.handle(event)
    room.trail.see(room.engine, step)
    assert len(room.trail.tilt()) == 1
    room.trail.see(room.engine, Step(event, (TiltScored(1, 7, TiltLevel.NORMAL, ()),)))
    assert len(room.trail.tilt()) == 2
    room.close()
