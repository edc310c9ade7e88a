"""Accounts on paper are opened in the main run, whatever number it came to have."""

import asyncio
from pathlib import Path

from tests.support.paper_bench import PaperBench


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
