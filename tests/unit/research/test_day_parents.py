"""Sliced orders of a day: the receipt of the log stands in the daily report."""

import re
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pytest

from genesis.domain.commands import SubmitOrder
from genesis.domain.events import OperatorActed
from genesis.domain.orders import OrderType, Side
from genesis.domain.slicing import OrderReceipt
from genesis.domain.time import MINUTE, SECOND
from genesis.research import TradingDay, receipt_words
from genesis.research.day_parents import PARENT_COLUMNS
from tests.support.day_home import DAY_1, HomeMaker, waves
from tests.support.engines import SYMBOL
from tests.support.sliced import rules

DATE = "2024-08-08"


def sliced(at_ns: int, algorithm: str, **given: object) -> OperatorActed:
    return OperatorActed(
        at_ns,
        "ORDER_SUBMIT",
        client_ref=f"{algorithm}{at_ns}",
        verb="trade",
        symbol=SYMBOL,
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        amount_usdt=Decimal(90),
        algorithm=algorithm,
        **given,  # type: ignore[arg-type]
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> HomeMaker:
    maker = HomeMaker(tmp_path_factory.mktemp("sliced"), rules(), capital=Decimal(6_000))
    maker.start(DAY_1)
    acts = (
        sliced(DAY_1 + 2 * MINUTE, "iceberg"),
        sliced(DAY_1 + 5 * MINUTE, "twap", over_ns=3 * MINUTE),
    )
    maker.play(waves(DAY_1 + SECOND, DAY_1 + 12 * MINUTE, SECOND, tops=True), acts)
    maker.stop()
    maker.close()
    return maker


def day_of(home: HomeMaker) -> TradingDay:
    (date,) = {step.event.ts_ns // (24 * 60 * MINUTE) for step in home.seen}
    assert date == DAY_1 // (24 * 60 * MINUTE)
    from genesis.research import days_of

    return TradingDay.of(days_of(home.home)[0], home.home)


def test_the_report_shows_the_receipts_of_the_log(home: HomeMaker) -> None:
    told = [o for step in home.seen for o in step.outcomes if isinstance(o, OrderReceipt)]
    shown = day_of(home).parents
    assert tuple(shown.columns) == PARENT_COLUMNS
    assert shown["algorithm"].tolist() == ["iceberg", "twap"]
    assert shown["how"].tolist() == ["complete", "complete"]
    assert shown["who"].tolist() == ["you", "you"]
    assert shown["slices_sent"].tolist() == [3, 3]
    assert 2 <= shown["lasted_s"][0] <= 11 and 121 <= shown["lasted_s"][1] <= 126
    assert shown["saved_usdt"].tolist() == [float(one.saved_usdt) for one in told]
    assert shown["average_price"].tolist() == [float(one.average_price or 0) for one in told]


def test_a_slice_is_measured_by_the_market_and_not_by_its_limit(home: HomeMaker) -> None:
    receipts = day_of(home).receipts
    slices = receipts[receipts["type"] == "LIMIT"]
    assert len(slices) == 6
    assert slices["slippage_bps"].abs().max() < 20  # the limit lies 50 above


def test_the_slices_of_an_order_are_one_trade_of_the_day(home: HomeMaker) -> None:
    from genesis.research.day_headroom import _entries

    day = day_of(home)
    assert _entries(day.log, day.market).max() == 2
    assert home.engine.view.trades_today == 2


def plain(html: str) -> str:
    return html.replace("\N{NO-BREAK SPACE}", " ")


def test_a_fill_below_the_price_of_a_sale_is_worse(home: HomeMaker) -> None:
    shown = day_of(home).receipts.assign(slippage_bps=[0.04, -0.26, 0.26, *[float("nan")] * 3])
    told = receipt_words.receipts_table(cast(Any, SimpleNamespace(receipts=shown))).html
    assert all(words in told for words in (">0.0<", ">0.3 better<", ">0.3 worse<"))


def test_the_table_of_the_report_can_be_read(home: HomeMaker) -> None:
    (iceberg, _) = day_of(home).parents.itertuples()
    shown = plain(receipt_words.parents_table(day_of(home)).html)
    assert f"buy {iceberg.qty:.5f} BTC" in shown and "iceberg, 3 slices in" in shown
    assert re.search(r"[\d.]+ bps (better|worse) \([\d.]+ USDT\)", shown)
    assert sum(isinstance(c, SubmitOrder) for step in home.seen for c in step.commands) > 6


def test_what_did_not_go_through_is_told_with_its_reason(home: HomeMaker) -> None:
    (row, _) = day_of(home).parents.itertuples(index=False)
    dear, cheap = row._replace(saved_usdt=-0.03), row._replace(saved_usdt=0.02)
    short = {"filled_qty": row.qty / 2, "slices_sent": 2, "how": "impact", "reason": "too dear"}
    nothing = {"filled_qty": 0.0, "slippage_bps": float("nan"), "how": "rejected", "reason": ""}
    frame = pd.DataFrame([dear, cheap, row._replace(**short), row._replace(**nothing)])
    shown = plain(receipt_words.parents_table(cast(Any, SimpleNamespace(parents=frame))).html)
    results = ("0.03 USDT worse", "0.02 USDT better", "impact: too dear", "rejected<")
    for words in (*results, f"of {row.qty:.5f} BTC", "2 of 3 slices"):
        assert words in shown


def test_the_home_says_the_same_when_it_is_run_again(home: HomeMaker) -> None:
    from genesis.engine.replay import replay
    from genesis.service.strategies import engine_for
    from genesis.store.database import DATABASE_NAME, Database
    from genesis.store.reader import LogReader

    database = Database.open(Path(home.home) / DATABASE_NAME, read_only=True)
    try:
        again = replay(LogReader(database).read(), engine_for)
    finally:
        database.close()
    assert again.first_difference is None and again.events > 500
