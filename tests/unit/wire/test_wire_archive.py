from decimal import Decimal

import pytest

from genesis.domain.events import TradeTick
from genesis.domain.time import MICROSECOND, MILLISECOND
from genesis.errors import DataError
from genesis.wire import archive

SPOT = b"3735683259,61837.63,0.02,1236.7526,1723161255342,True,True\n"
FUTURES_HEAD = b"id,price,qty,quote_qty,time,is_buyer_maker\n"
FUTURES = b"5,61837.63,0.02,1236.7526,1723161255342,true\n"
AGG = b"7,61837.63,0.02,100,103,1723161255342001,False,True\n"
AGG_HEAD = (
    b"agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n"
)
RECORDED_HEAD = (
    b"TimestampOfReceive,Stream,EventType,EventTime,TransactionTime,Symbol,TradeId,Price,Quantity,"
    b"IsBuyerMarketMaker,MUnknownParameter\n"
)
RECORDED = (
    b"1741046401272286,trxusdt@trade,trade,1741046401271969,1741046401271497,TRXUSDT,348656870,"
    b"0.2312,2619.4,1,True\n"
)


def only(lines: list[bytes], symbol: str = "BTC/USDT") -> archive.Row:
    layout = archive.detect(lines)
    assert layout is not None
    (row,) = archive.read(lines, "x.csv", layout, symbol)
    return row


def test_spot_trades_without_header_and_futures_with_one() -> None:
    at = 1_723_161_255_342 * MILLISECOND
    tick = TradeTick(at, "BTC/USDT", 3735683259, Decimal("61837.63"), Decimal("0.02"), True)
    assert only([SPOT]) == archive.Row(tick, None)
    assert only([FUTURES_HEAD, FUTURES]).tick.trade_id == 5


def test_aggregated_trades_are_a_kind_of_their_own() -> None:
    for lines in ([AGG], [AGG_HEAD, b",".join(AGG.split(b",")[:7])]):
        layout = archive.detect(lines)
        assert layout is not None
        assert layout.kind == "agg_trades"
        tick = only(lines).tick
        assert (tick.trade_id, tick.ts_ns) == (7, 1_723_161_255_342_001 * MICROSECOND)
        assert tick.buyer_is_maker is False


def test_recorded_stream_tells_symbol_and_receipt() -> None:
    row = only([RECORDED_HEAD, RECORDED], "TRX/USDT")
    assert row.received_ns == 1_741_046_401_272_286 * MICROSECOND
    assert row.tick.ts_ns == 1_741_046_401_271_497 * MICROSECOND
    assert row.tick.buyer_is_maker is True
    with pytest.raises(DataError, match="TRXUSDT in a file of BTC/USDT"):
        only([RECORDED_HEAD, RECORDED])


@pytest.mark.parametrize("head", [b"", b"a,b\n", b"time,open,high,low,close,volume\n", b"1,2,3\n"])
def test_other_files_are_no_archive(head: bytes) -> None:
    assert archive.detect([head]) is None


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"61837.63", b"", "not a number"),
        (b"61837.63", b"0", "price is 0"),
        (b"0.02", b"-1", "negative"),
        (b"True,True", b"maybe,True", "neither true nor false"),
        (b",True,True", b",True", "6 columns where 7 belong"),
        (b"1723161255342", b"1723161255", "outside the years"),
        (b"3735683259", b"x", "trade id 'x'"),
    ],
)
def test_bad_row_is_named(old: bytes, new: bytes, reason: str) -> None:
    layout = archive.detect([SPOT])
    assert layout is not None
    with pytest.raises(DataError, match=f"x.csv line 2: .*{reason}"):
        list(archive.read([SPOT, SPOT.replace(old, new)], "x.csv", layout, "BTC/USDT"))
