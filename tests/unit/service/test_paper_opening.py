"""Accounts on paper are opened in the main run, whatever number it came to have."""

import asyncio
import json
from decimal import Decimal
from pathlib import Path

import pytest

from genesis.cli.main import main
from genesis.domain.paper import PaperDayReported, RecoverySessionDone
from genesis.domain.time import MINUTE
from genesis.reports.verify import verify as nightly_verify
from genesis.service.paper_stream import openings
from tests.support.closed_homes import locked
from tests.support.paper_bench import PaperBench
from tests.unit.cli.test_recover_cli import meddle, past


def test_a_run_that_was_given_a_later_number_gives_it_to_its_lane(tmp_path: Path) -> None:
    """The venue knew of later runs than the log: that is found out before the run begins."""

    async def body() -> None:
        bench = PaperBench(tmp_path, is_paper=False)  # a new account of real money looks first
        bench.run = bench.recorder.run = 7
        async with bench:
            assert bench.lane.stream == "paper-1"
        again = PaperBench(tmp_path)
        assert {step.run for step in again.log.read("paper-1")} == {7}
        again.log.close()

    asyncio.run(body())


def test_a_lane_whose_record_is_broken_is_left_behind_once_and_proves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = locked(tmp_path / "home").home
    place = ("--home", str(home))

    async def before() -> None:
        async with PaperBench(home) as bench:
            await bench.tick("60000")
            begun = bench.now_ns
            await bench.until(begun + 40 * MINUTE)
            await bench.tell(PaperDayReported(bench.now_ns, 20_500, 3, Decimal(5), Decimal(500)))
            await bench.tell(RecoverySessionDone(bench.now_ns, begun, 0))
            assert not bench.engine.state.tilt.state.session_due
            assert bench.engine.state.tiers.history.lane

    async def after(streams: list[str], left: int) -> None:
        async with PaperBench(home) as bench:
            await bench.tick("60000")
            assert bench.lane.stream == streams[-1]
            assert len(bench.lane.left) == left
            assert bench.engine.state.tilt.state.session_due  # nobody is freed by a broken lane
            assert not bench.engine.state.tiers.history.lane
            assert not bench.engine.state.risk.blocks.keys() - {"starting"}
            assert bench.log.reader.streams() == ["main", *streams]

    asyncio.run(before())
    assert main(["verify", *place]) == 0
    meddle(home, "UPDATE events SET body = body || ' ' WHERE stream = 'paper-1' AND seq = 5")
    assert not nightly_verify(home, "2024-01-01")[0].is_sound
    assert main(["verify", *place]) == 1
    assert "record of the paper lane is broken at row 5 of events" in capsys.readouterr().out
    asyncio.run(after(["paper-1", "paper-2"], left=1))
    assert main(["verify", *place]) == 0
    assert "stream paper-1, was found broken at" in capsys.readouterr().out
    asyncio.run(after(["paper-1", "paper-2"], left=0))
    assert nightly_verify(home, "2024-01-01")[0].is_sound


@pytest.mark.parametrize("both", [False, True])
def test_recover_leaves_a_broken_lane_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, both: bool
) -> None:
    home = locked(tmp_path / "home").home
    place = ("--home", str(home))

    async def lane(stream: str) -> None:
        async with PaperBench(home) as bench:
            await bench.tick("60000")
            assert bench.lane.stream == stream and not bench.lane.left

    asyncio.run(lane("paper-1"))
    meddle(home, "UPDATE events SET body = body || ' ' WHERE stream = 'paper-1' AND seq = 5")
    if both:
        last = "(SELECT max(seq) FROM events WHERE stream = 'main')"
        meddle(home, f"UPDATE events SET body = body || ' ' WHERE stream = 'main' AND seq = {last}")
    capsys.readouterr()
    assert main(["recover", "--yes", "--json", *place]) == 0
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert told["recovered"] and told["left_behind"] == ["paper-1"]
    assert bool(told["set_aside"]) is both
    assert "the record of the paper lane is broken at row 5" in err
    assert "the log is whole" not in err
    assert main(["verify", *place]) == 0
    assert main(["recover", "--yes", *place]) == 0
    assert "the log is whole" in capsys.readouterr().out
    asyncio.run(lane("paper-2"))
    assert main(["verify", *place]) == 0


MAIN = "stream = 'main'"
LAST = f"(SELECT max(seq) FROM events WHERE {MAIN})"
REPORTED = f"(SELECT max(seq) FROM events WHERE {MAIN} AND kind = 'PaperLaneReported')"


async def traded(home: Path, stream: str) -> None:
    async with PaperBench(home) as bench:
        await bench.tick("60000")
        assert bench.lane.stream == stream


def changed(home: Path, where: str) -> None:
    meddle(home, f"UPDATE events SET body = body || ' ' WHERE {where}")


def left(home: Path, capsys: pytest.CaptureFixture[str]) -> tuple[list[str], str]:
    """What `genesis recover` leaves behind, and what it says."""
    capsys.readouterr()
    assert main(["recover", "--yes", "--json", "--home", str(home)]) == 0
    out, err = capsys.readouterr()
    return json.loads(out)["left_behind"], err


def has_lane(home: Path) -> bool:
    engine = past(home).engine
    assert engine is not None
    return engine.state.tilt.state.has_lane


def test_the_name_of_a_lane_of_which_nothing_is_left_is_not_used_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = locked(tmp_path / "home").home
    asyncio.run(traded(home, "paper-1"))
    assert has_lane(home)
    changed(home, "stream = 'paper-1' AND seq = 1")
    changed(home, f"{MAIN} AND seq = {LAST}")
    assert left(home, capsys)[0] == ["paper-1"]
    assert has_lane(home)  # nobody is freed by a broken lane
    asyncio.run(traded(home, "paper-2"))
    asyncio.run(traded(home, "paper-2"))


@pytest.mark.parametrize("is_known", [True, False])
def test_a_lane_that_was_left_behind_is_told_again_only_where_that_was_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], is_known: bool
) -> None:
    home = locked(tmp_path / "home").home
    asyncio.run(traded(home, "paper-1"))
    changed(home, "stream = 'paper-1' AND seq = 5")
    asyncio.run(traded(home, "paper-2"))
    changed(home, f"{MAIN} AND seq = {LAST if is_known else REPORTED}")
    names, told = left(home, capsys)
    assert names == ([] if is_known else ["paper-1"])
    assert ("stream paper-1" in told) is not is_known


@pytest.mark.parametrize(
    ("names", "count"),
    [
        (("main",), 0),
        (("main", "paper-2", "paper-1"), 2),
        (("paper-x", "paper-", "paper-1x", "paper-²", "paper-01", "paper-" + "9" * 5000), 0),
    ],
)
def test_only_a_number_is_the_number_of_a_lane(names: tuple[str, ...], count: int) -> None:
    assert openings(names) == count
