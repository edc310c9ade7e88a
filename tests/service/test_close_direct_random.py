"""`close-all --direct` under whatever faults: nothing that is not ours is sold, and nothing twice.

And what is held afterwards has its stop, or that it has none is said.
"""

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genesis.errors import ExchangeError
from genesis.exchange.classify import Answer
from genesis.exchange.retries import Retries
from genesis.service import direct, leaving
from tests.support.direct_account import ORDER, REPLACE, a_record, an_account
from tests.support.simex import QUICK

D = Decimal
BEFORE, OURS = D("0.5"), D("0.003")
PATHS = (
    ("POST", ORDER), ("POST", REPLACE), ("DELETE", ORDER), ("GET", ORDER),
    ("GET", "/api/v3/account"), ("GET", "/api/v3/openOrders"), ("GET", "/api/v3/myTrades"),
)  # fmt: skip
MODES: tuple[dict[str, Any], ...] = (
    {"mode": "drop_before"},
    {"mode": "drop_after"},
    {"mode": "truncate_after"},
    {"mode": "garbage_after"},
    {"mode": "http_after", "code": -1007},
    {"mode": "http", "status": 503},
)
REFUSED: dict[str, Any] = {"mode": "http", "code": -1013}
KINDS = [
    (*path, fault)
    for path in PATHS
    for fault in (*MODES, *([REFUSED] if path[0] == "POST" else []))
]
SAID = ("NO stop", "does not tell what became of it", "had no stop", "nothing is closed")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_record(tmp_path_factory.mktemp("home"), BTC=str(BEFORE))


@pytest.fixture(scope="module", autouse=True)
def _hurry() -> Any:
    pause_s = Retries.pause_s

    def soon(self: Retries, answer: Answer, now_ns: int) -> float | None:
        return None if pause_s(self, answer, now_ns) is None else 0.001

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Retries, "pause_s", soon)
        patch.setattr(leaving, "_PAUSES_S", (0.001,) * 4)
        patch.setattr(direct, "_PAUSES_S", (0.001,) * 3)
        patch.setattr("genesis.exchange.binance._CANCEL_PAUSES_S", (0.001,) * 4)
        patch.setattr("genesis.exchange.reads._TRADES_PAUSES_S", (0.001,) * 7)
        patch.setattr("genesis.exchange.binance.Bound", lambda: QUICK)
        for name in ("_FIRST_PAUSE_S", "_LONGEST_PAUSE_S", "_OUTAGE_PAUSE_S"):
            patch.setattr(f"genesis.exchange.resolve.{name}", 0.01)
        yield


FAULTS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 4)), max_size=5)


@settings(
    max_examples=8, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(faults=FAULTS, has_stop=st.booleans(), has_entry=st.booleans())
def test_under_any_faults_ours_is_sold_once_and_the_rest_never(
    home: Path, faults: list[Any], has_stop: bool, has_entry: bool
) -> None:
    async def story() -> None:
        async with an_account(home, BTC=str(BEFORE + OURS)) as at:
            if has_stop:
                await at.stop(2, str(OURS), "58000")
            if has_entry:
                await at.entry(3)
            for (method, path, fault), count in faults:
                at.fault(method, path, count=count, **fault)
            try:
                said = " ".join((await at.close())["errors"])
            except ExchangeError as problem:
                said = problem.message
            held = (await at.held())["BTC"]
            assert held >= BEFORE
            stops = [name for name in await at.resting() if name.startswith("g-1-2-")]
            assert held == BEFORE or said
            if held > BEFORE and has_stop:
                assert stops or any(words in said for words in SAID), said
            at.exchange.faults.clear()
            told = await at.close()
            assert told["errors"] == []
            assert (await at.held(), await at.resting()) == ({"BTC": BEFORE}, [])
            assert sum(qty for _, qty in await at.sold()) == OURS

    asyncio.run(story())
