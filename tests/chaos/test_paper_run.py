"""A session on paper from the first order to the daily report, through an outage: nothing is lost.

The brief form is told at speed; the long one takes a quarter of an hour at the pace of life.
"""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from genesis.cli.main import main
from genesis.domain.commands import SubmitOrder
from genesis.domain.events import CancelRejected, OrderAccepted, OrderEvent, OrderFilled
from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderRequest, Purpose, Side
from genesis.domain.slicing import OrderReceipt
from genesis.domain.time import SECOND
from genesis.research import TradingDay
from genesis.store.database import DATABASE_NAME, Database
from genesis.store.reader import LogReader
from genesis.store.steps import LoggedStep
from tests.support import swaying
from tests.support.paper_run import BRIEF, DEPOSIT, QUARTER_HOUR, Course, PaperRun, sellable

D = Decimal


@pytest.fixture
def brief(tmp_path: Path) -> Iterator[PaperRun]:
    yield from running(tmp_path, BRIEF)


@pytest.fixture
def quarter_hour(tmp_path: Path) -> Iterator[PaperRun]:
    yield from running(tmp_path, QUARTER_HOUR)


def running(folder: Path, course: Course) -> Iterator[PaperRun]:
    run = PaperRun(folder, course)
    try:
        yield run
    finally:
        print("\n".join(run.told))
        run.close()


def trade(run: PaperRun) -> None:
    """Everything that a trader does in the session, in this order."""
    run.breathe()
    run.buy_in_slices("iceberg")
    run.breathe()
    run.tighten(swaying.CENTRE - 300)
    run.tighten_where_the_tide_will_take_it()
    run.outage()
    run.breathe()
    run.probe()
    run.breathe()
    run.buy_in_slices(f"twap over {run.course.twap}", then=run.deposit)
    run.breathe()
    run.close_by_hand()
    run.breathe()
    run.buy_in_slices("iceberg")


def agrees(run: PaperRun) -> None:
    """Trades, balances and orders are those of the exchange's ledger; stops cover what is held."""
    truth, told = run.one_moment()
    theirs = {b["asset"]: D(b["free"]) + D(b["locked"]) for b in truth["balances"]}
    ours = {asset: D(qty) for asset, qty in told["balances"].items()}
    assert {a: q for a, q in theirs.items() if q} == {a: q for a, q in ours.items() if q}
    assert sorted(told["trades"]) == sorted(int(t["id"]) for t in truth["trades"])
    placed = [o["clientOrderId"] for o in truth["orders"]]
    assert len(placed) == len(set(placed)), "an order was placed twice"
    resting = [o for o in truth["orders"] if o["status"] == "NEW"]
    assert {o["clientOrderId"] for o in resting} == told["orders"]
    assert sum(D(o["origQty"]) for o in resting) == told["held"] == sellable([theirs["BTC"]])


def logged(home: Path) -> list[LoggedStep]:
    database = Database.open(home / DATABASE_NAME, read_only=True)
    try:
        return list(LogReader(database).read())
    finally:
        database.close()


def receipts(home: Path) -> list[OrderReceipt]:
    found = [told for step in logged(home) for told in step.outcomes]
    return [told for told in found if isinstance(told, OrderReceipt)]


def bare_s(home: Path) -> list[float]:
    """The stretches in which less was covered by a stop than was held, as we knew; venue time."""
    requests: dict[OrderKey, OrderRequest] = {}
    covered: dict[OrderKey, Decimal] = {}
    held, since_ns, found = D(0), None, []
    for step in logged(home):
        requests |= {c.key: c.request for c in step.commands if isinstance(c, SubmitOrder)}
        event = step.event
        if not isinstance(event, OrderEvent):
            continue
        request = requests[event.key]
        if isinstance(event, OrderFilled):
            held += event.fill.qty if request.side is Side.BUY else -event.fill.qty
            held -= event.fill.fee if event.fill.fee_asset == "BTC" else 0
        if isinstance(event, OrderAccepted) and request.purpose is Purpose.PROTECT:
            covered[event.key] = request.qty
        elif not isinstance(event, OrderAccepted | CancelRejected):
            covered.pop(event.key, None)
        if sellable([held]) <= sum(covered.values()):
            found += [] if since_ns is None else [(event.ts_ns - since_ns) / SECOND]
            since_ns = None
        else:
            since_ns = since_ns or event.ts_ns
    return found


def ends_well(run: PaperRun) -> None:
    """The ledger agrees, the service ends in order, the record is verified, the day is told."""
    agrees(run)
    assert run.service.end() == 0
    assert main(["verify", "--home", str(run.home)]) == 0
    told = receipts(run.home)
    assert {receipt.ended for receipt in told} == {"complete"}
    ways = [(receipt.side.value, receipt.algorithm) for receipt in told]
    assert ways == [
        ("BUY", "iceberg"),
        ("BUY", "market"),  # the order that tries after the outage; the stop has no receipt
        ("BUY", "twap"),
        ("SELL", "market"),
        ("BUY", "iceberg"),
    ]
    run.told.append(f"bare stretches, s of venue time: {bare_s(run.home)}")
    day = TradingDay.of(swaying.DATE, run.home)
    assert [row.order for row in day.parents.itertuples()] == [str(r.key) for r in told]
    assert [(t.who, t.reason) for t in day.trades.itertuples()] == [
        ("you", "stop"),
        ("you", "manual"),
    ]
    assert D(str(day.flows_usdt)) == DEPOSIT


def test_a_session_at_speed(brief: PaperRun) -> None:
    trade(brief)
    ends_well(brief)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_quarter_of_an_hour_at_the_pace_of_life(quarter_hour: PaperRun) -> None:
    run = quarter_hour
    begun_ns = run.now_ns()
    trade(run)
    run.hiccup()
    while run.now_ns() < begun_ns + run.course.lasts_s * 10**9:
        run.breathe(10)
    ends_well(run)
    assert main(["report", "daily", "--date", swaying.DATE, "--home", str(run.home)]) == 0
    page = (run.home / "reports" / swaying.DATE / "daily.html").read_text()
    for words in ("+500.00", "iceberg, 3 slices in", "twap, 4 slices in", "nothing heard for"):
        assert words in page
    for receipt in receipts(run.home):
        assert str(receipt.key) in page
