"""The venue's histories of money, as its documents show them; and that nothing is told twice."""

import asyncio
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.events import FlowReported
from genesis.domain.money import ZERO
from genesis.domain.time import DAY, HOUR, MILLISECOND, SECOND, format_utc
from genesis.exchange import flows
from genesis.exchange.flows import (
    PASSED,
    TRANSFERS,
    fenced_after,
    news,
    readings,
    trade_of,
    trade_ref,
)
from genesis.exchange.gateway import VenueFlow

D = Decimal
NOW = 1_627_600_000 * SECOND
DEPOSITS: list[dict[str, Any]] = [
    {
        "amount": "0.01844487",
        "coin": "BCH",
        "network": "BCH",
        "status": 1,
        "address": "1NYxAJhW2281HK1KtJeaENBqHeygA88FzR",
        "addressTag": "",
        "txId": "bafc5902504d6504a00b7d0306a41154cbf1d1b767ab70f3bc226327362588af",
        "insertTime": 1610784980000,
        "transferType": 0,
        "confirmTimes": "2/2",
    },
    {"amount": "4500", "coin": "USDT", "status": 0, "txId": "p", "insertTime": 1618394381000},
    {
        "id": "7",
        "amount": "5",
        "coin": "USDT",
        "status": 6,
        "txId": "x",
        "insertTime": 1618394381000,
    },
]
WITHDRAWAL: dict[str, Any] = {
    "id": "69e53ad305124b96b43668ceab158a18",
    "amount": "28.75",
    "transactionFee": "0.25",
    "coin": "XRP",
    "status": 6,
    "address": "r3T75fuLjX51mmfb5Sk1kMNuhBgBPJsjza",
    "txId": "19A5B24ED0B697E4F0E9CD09FCB007170A605BC93C9280B9E6379C5E6EF0F65A",
    "applyTime": "2021-04-15 12:09:16",
    "network": "XRP",
    "transferType": 0,
}
DUST: dict[str, Any] = {
    "operateTime": "1627575731000",
    "totalServiceChargeAmount": "0.00001453",
    "totalTransferedAmount": "0.00072693",
    "transId": "70899815863",
    "userAssetDribbletDetails": [
        {
            "fromAsset": "LTC",
            "amount": "0.000006",
            "transferedAmount": "0.00000267",
            "serviceChargeAmount": "0.00000005",
            "operateTime": "1627575731000",
            "transId": "70899815863",
        },
        {
            "fromAsset": "GBP",
            "amount": "0.15949157",
            "transferedAmount": "0.00072426",
            "serviceChargeAmount": "0.00001448",
            "operateTime": "1627575731000",
            "transId": "70899815863",
        },
    ],
}
TRANSFER: dict[str, Any] = {
    "timestamp": 1614640878000,
    "asset": "USDT",
    "amount": "25",
    "type": "MAIN_UMFUTURE",
    "status": "CONFIRMED",
    "tranId": 43000126248,
}
REWARD = {"id": 1, "amount": "10", "asset": "BHFT", "divTime": 1563189166000, "tranId": 2968885920}


class Histories:
    """Answers as the venue's lists do; keeps what was asked."""

    def __init__(self, **rows: list[dict[str, Any]]) -> None:
        self.rows = rows
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.ours = flows.Histories()

    async def ask(self, endpoint: str, params: dict[str, str]) -> Any:
        self.asked.append((endpoint, params))
        if endpoint == "sapiGetAssetDribblet":
            found = self._span("dust", "operateTime", params)
            return {"total": len(found), "userAssetDribblets": found[:100]}
        if endpoint == "sapiGetAssetAssetDividend":
            return {"rows": self._span("rewards", "divTime", params)[:500]}
        if endpoint == "sapiGetAssetTransfer":
            found = [row for row in self.rows.get("transfers", []) if row["type"] == params["type"]]
            first = (int(params["current"]) - 1) * int(params["size"])
            page = found[first : first + int(params["size"])]
            return {"total": len(found), "rows": page} if page else {"total": 0}
        name = "deposits" if "Deposit" in endpoint else "withdrawals"
        first = int(params["offset"])
        return self.rows.get(name, [])[first : first + int(params["limit"])]

    def _span(self, name: str, stamp: str, params: dict[str, str]) -> list[dict[str, Any]]:
        """Newest first."""
        start, end = int(params["startTime"]), int(params["endTime"])
        found = [row for row in self.rows.get(name, []) if start <= int(row[stamp]) <= end]
        return sorted(found, key=lambda row: -int(row[stamp]))

    def read(self, since_ns: int = NOW - 10 * DAY, until_ns: int = NOW) -> list[VenueFlow]:
        return list(asyncio.run(self.ours.read(self.ask, since_ns, until_ns)))


def shown(rows: list[VenueFlow]) -> list[tuple[str, Decimal, str, str]]:
    return [(row.asset, row.amount, row.kind, row.ref) for row in rows]


def test_deposits_count_once_they_are_credited() -> None:
    first, second = Histories(deposits=DEPOSITS).read()
    assert first.ref == f"deposit:{DEPOSITS[0]['txId']}"
    assert (first.asset, first.amount) == ("BCH", D("0.01844487"))
    assert first.ts_ns == 1610784980000 * MILLISECOND
    assert (second.ref, second.amount) == ("deposit:7", D(5))


@pytest.mark.parametrize(("status", "is_gone"), [(6, True), (0, True), (4, True), (3, False)])
def test_a_withdrawal_has_left_until_it_is_called_off(status: int, is_gone: bool) -> None:
    rows = Histories(withdrawals=[WITHDRAWAL | {"status": status}]).read()
    fee, sent = sorted(rows, key=lambda row: row.kind)
    assert (sent.amount, fee.amount) == ((D("-28.75"), D("-0.25")) if is_gone else (ZERO, ZERO))
    assert format_utc(sent.ts_ns).startswith("2021-04-15T12:09:16")


def test_dust_is_one_conversion_that_may_be_read_in_two_ways() -> None:
    rows = Histories(dust=[DUST]).read()
    assert {(row.asset, row.amount) for row in rows} == {
        ("BNB", D("0.00071240")),
        ("LTC", D("-0.000006")),
        ("GBP", D("-0.15949157")),
    }
    plain, other = readings(rows)
    assert [row.amount for row in plain if row.asset == "BNB"] == [D("0.00071240")]
    assert [row.amount for row in other if row.asset == "BNB"] == [D("0.00072693")]
    told = {(row.ref, row.asset): row.amount for row in other}
    assert news(plain, told, {}, "USDT") == news(other, told, {}, "USDT") == ()


def test_transfers_leave_or_come_by_their_type() -> None:
    back = TRANSFER | {"type": "UMFUTURE_MAIN", "tranId": 2}
    failed = TRANSFER | {"status": "FAILED", "tranId": 3}
    rows = Histories(transfers=[TRANSFER, back, failed]).read()
    assert sorted(shown(rows)) == [
        ("USDT", D(-25), "transfer", "transfer:43000126248"),
        ("USDT", D(25), "transfer", "transfer:2"),
    ]


def test_every_page_of_every_list_is_read() -> None:
    at = (NOW - DAY) // MILLISECOND
    histories = Histories(
        deposits=[DEPOSITS[2] | {"id": str(n)} for n in range(2_300)],
        withdrawals=[WITHDRAWAL | {"id": str(n)} for n in range(1_000)],
        transfers=[TRANSFER | {"tranId": n} for n in range(250)],
        dust=[DUST | {"transId": n, "operateTime": str(at + n)} for n in range(230)],
        rewards=[REWARD | {"tranId": n, "divTime": at + n} for n in range(1_100)],
    )
    kinds = [row.ref.partition(":")[0] for row in histories.read()]
    counts = {kind: kinds.count(kind) for kind in set(kinds)}
    assert counts == {
        "deposit": 2_300,
        "withdrawal": 1_000,
        "fee": 1_000,
        "transfer": 250,
        "dust": 690,
        "reward": 1_100,
    }


def test_a_long_past_is_asked_for_in_spans_that_the_venue_answers() -> None:
    histories = Histories()
    histories.read(NOW - 400 * DAY)
    spans = [
        (int(params["startTime"]), int(params["endTime"]))
        for endpoint, params in histories.asked
        if "Deposit" in endpoint
    ]
    assert spans[0][0] == (NOW - 400 * DAY) // MILLISECOND
    assert spans[-1][1] >= NOW // MILLISECOND
    assert all(end - start < 90 * DAY // MILLISECOND for start, end in spans)
    assert all(before[1] >= after[0] - 1 for before, after in pairwise(spans))
    assert {params["type"] for _, params in histories.asked if "type" in params} == set(TRANSFERS)


def test_the_past_is_read_once_however_often_it_is_asked_for_and_the_last_weeks_always() -> None:
    histories = Histories(dust=[DUST | {"operateTime": str((NOW - 200 * DAY) // MILLISECOND)}])
    first = histories.read(NOW - 3 * 365 * DAY)
    many = len(histories.asked)
    assert histories.read(NOW - 3 * 365 * DAY, NOW + SECOND) == first != []
    again = histories.asked[many:]
    histories.read(NOW - 3 * 365 * DAY, NOW + SECOND)
    assert histories.asked[many + 14 :] == again
    assert len(again) == 14  # one span of every history
    assert {int(params["startTime"]) // 10**8 for _, params in again} == {
        (NOW - 14 * DAY) // DAY * DAY // MILLISECOND // 10**8
    }
    histories.asked.clear()
    histories.read(NOW - 3 * 365 * DAY, NOW + 2 * HOUR)  # it may change yet, though seldom
    assert len(histories.asked) == many


def test_a_reading_that_was_cut_short_goes_on_where_it_ended() -> None:
    """An account of many years is read in the end, whatever the time for one reading."""
    histories = Histories()
    asked, most = histories.ask, 30

    async def tired(endpoint: str, params: dict[str, str]) -> Any:
        if len(histories.asked) >= most:
            raise TimeoutError
        return await asked(endpoint, params)

    histories.ask = tired  # type: ignore[method-assign]
    for _ in range(20):
        histories.asked.clear()
        try:
            histories.read(NOW - 3 * 365 * DAY)
        except TimeoutError:
            continue
        return
    raise AssertionError("it begins anew every time")


# -- what is news ----------------------------------------------------------------------------
row = st.builds(
    VenueFlow,
    st.integers(0, 10),
    st.sampled_from(["USDT", "BTC"]),
    st.decimals("-5", "5", places=2),
    st.just("deposit"),
    st.sampled_from(["a", "b", "c"]),
)


@given(st.lists(st.lists(row, max_size=4), max_size=5), st.integers(0, 3))
def test_whatever_the_lists_tell_and_wherever_a_process_dies_the_sum_is_theirs(
    looks: list[list[VenueFlow]], dies_after: int
) -> None:
    """Told so far, plus the news, is what the newest list says; also of what it tells otherwise."""
    told: dict[tuple[str, str], Decimal] = {}
    ring: dict[str, Decimal] = {"BTC": D(2)}
    last: dict[tuple[str, str], Decimal] = {}

    def take(events: tuple[FlowReported, ...]) -> None:
        for event in events:
            name = (event.ref, event.asset)
            told[name] = told.get(name, ZERO) + event.amount
            ring.update(fenced_after(ring, event) if event.fenced else {})
            assert not (event.fenced and event.asset == "USDT")

    for n, rows in enumerate(looks):
        found = news(rows, dict(told), dict(ring), "USDT")
        if n == dies_after:
            take(found[: len(found) // 2])  # and what was not told yet is told by the next one
        take(news(rows, dict(told), dict(ring), "USDT"))
        last |= {(each.ref, each.asset): each.amount for each in rows}
        assert {name: qty for name, qty in told.items() if qty} == {
            name: qty for name, qty in last.items() if qty
        }
        assert news(rows[-1:], told, ring, "USDT") == ()


def test_coins_that_leave_are_ring_fenced_ones_first() -> None:
    rows = [VenueFlow(1, "BTC", D("-0.3"), "withdrawal", "w")]
    fenced, own = news(rows, {}, {"BTC": D("0.2")}, "USDT")
    assert (fenced.amount, fenced.fenced) == (D("-0.2"), True)
    assert (own.amount, own.fenced) == (D("-0.1"), False)


def test_a_flow_of_nothing_names_the_trade_it_stands_for() -> None:
    passed = FlowReported(1, "BTC", ZERO, PASSED, trade_ref("BTC/USDT", 77))
    assert trade_of(passed) == ("BTC/USDT", 77)
    assert trade_of(FlowReported(1, "BTC", D(1), "deposit", "x")) is None
