"""An order that was given up and appears after all: an incident, told, taken in and protected."""

import pytest

from genesis.domain.orders import Order, OrderStatus
from tests.service.test_reconcile_rows import by_hand, told
from tests.support.small_home import SmallHome


@pytest.fixture(autouse=True)
def _look_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genesis.exchange.reconcile._PAUSE_S", 0.01)


def test_a_query_that_lags_hides_nothing_for_good() -> None:
    """The venue knows an order later than the bound says: an incident, told and put right."""

    async def story(home: SmallHome) -> None:
        home.is_deaf = True
        await home.admin("system", lag_ms=3_600_000)
        await home.buy()
        found = await home.restart()
        assert found is not None
        assert home.entry.status is OrderStatus.NEVER_PLACED
        await home.admin("system", lag_ms=0)
        found = await home.compare()
        assert any("appeared after all" in one for one in found.complaints)
        assert "reconcile" in home.blocks
        assert home.entry.status is OrderStatus.FILLED and home.held > 0
        assert (await home.compare()).is_clean
        assert not home.blocks

    told(story)


async def given_up(home: SmallHome) -> Order:
    """A resting entry that the venue took, and of which it says for too long that it has none."""
    home.is_deaf = True
    await home.admin("system", lag_ms=3_600_000)
    await home.buy("25", "59000")
    await home.restart()
    assert home.entry.status is OrderStatus.NEVER_PLACED
    return home.entry


def test_an_entry_that_appears_late_and_rests_is_taken_in_and_cancelled() -> None:
    """Nobody waits for it any more, and a new attempt may have been made."""

    async def story(home: SmallHome) -> None:
        await given_up(home)
        await home.admin("system", lag_ms=0)
        found = await home.compare()
        assert any("appeared after all" in one for one in found.complaints)
        assert home.entry.status is OrderStatus.CANCELLED
        assert not home.exchange.venue.open_orders
        assert (await home.compare()).is_clean
        assert not home.blocks

    told(story)


def test_one_that_came_and_went_meanwhile_is_an_incident_all_the_same() -> None:
    async def story(home: SmallHome) -> None:
        order = await given_up(home)
        await home.admin("cancel", **by_hand(home, order))
        await home.admin("system", lag_ms=0)
        found = await home.compare()
        assert any("appeared after all" in one for one in found.complaints)
        assert home.entry.status is OrderStatus.CANCELLED
        assert (await home.compare()).is_clean

    told(story)
