"""Orders under a fault plan: in the end the venue's ledger and our log agree to the last fill."""

import asyncio
from pathlib import Path

import pytest

from tests.chaos.random_faults import trade


def test_a_hundred_and_fifty_orders_of_bad_luck(tmp_path: Path) -> None:
    done = asyncio.run(trade(tmp_path / "stage", 150, seed=1))
    assert done.trades > 30
    assert len(done.faults) >= 12, done.faults
    assert done.statuses["NEVER_PLACED"] and done.statuses["FILLED"], done.statuses


@pytest.mark.long
@pytest.mark.timeout(7_200)
def test_ten_thousand(tmp_path: Path) -> None:
    assert asyncio.run(trade(tmp_path / "stage", 10_000, seed=2, say=print)).trades > 2_000
