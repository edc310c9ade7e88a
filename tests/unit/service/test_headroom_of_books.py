"""What a book leaves to lose is shown beside the limits of the tier."""

from decimal import Decimal
from pathlib import Path

from genesis.service.api.headroom import headroom
from tests.support.engines import Bench


def limits(bench: Bench) -> dict[str, dict[str, object]]:
    return {one["name"]: one for one in headroom(bench.engine)["limits"]}


def test_every_floor_of_every_book_has_its_row(tmp_path: Path) -> None:
    rules = tmp_path / "mine.toml"
    rules.write_text('books = ["two_step", "generic_trailing"]')
    bench = Bench(str(rules))
    bench.open_position()
    bench.tick("60000")
    told = limits(bench)
    static = told["two_step_max_loss_static"]
    lost = Decimal(500) - bench.engine.view.equity_usdt
    assert lost > 2
    assert (Decimal(str(static["used"])), static["limit"], static["unit"]) == (lost, "50", "USDT")
    assert {"two_step_max_daily_loss", "generic_trailing_max_loss_trailing_intraday"} < told.keys()


def test_without_a_book_nothing_is_added() -> None:
    assert not any("max_loss" in name for name in limits(Bench()))
