"""The usual volume of a day's slots, and a VWAP that follows it."""

from decimal import Decimal

from genesis.domain.events import TimerFired
from genesis.domain.slicing import VolumeProfileReported
from genesis.domain.time import DAY, HOUR, MINUTE
from genesis.execution.parents import SLICE_TIMER
from genesis.market.volume_profile import Traded, volume_profile
from genesis.service.usual_volume import usual_volumes
from genesis.store.ticks import TickStore
from genesis.store.ticks.samples import sample_blocks
from tests.support.engines import SYMBOL
from tests.support.sliced import SliceBench, entries, whole

D = Decimal


def test_means_of_each_slot_over_the_days_it_was_held() -> None:
    bars = [Traded(0, D(4)), Traded(DAY, D(6)), Traded(30 * MINUTE, D(2)), Traded(HOUR, D(9))]
    made = volume_profile(SYMBOL, bars, 7)
    assert made is not None
    assert (made.ts_ns, made.symbol, made.slot_ns, made.days) == (7, SYMBOL, HOUR, 2)
    assert made.volumes == (D(6), D(9), *[D("7.5")] * 22)


def test_nothing_held_is_no_profile() -> None:
    assert volume_profile(SYMBOL, [], 7) is None
    assert volume_profile(SYMBOL, [Traded(0, D(0))], 7) is None


def test_the_tick_store_of_a_home_tells_it(tmp_path) -> None:
    start_ns = 20_000 * DAY
    store = TickStore(tmp_path)
    store.add_synthetic(sample_blocks(0, start_ns, 2 * 3_600, SYMBOL), "sample")
    (made,) = usual_volumes(tmp_path, (SYMBOL, "ETH/USDT"), start_ns + 3 * HOUR, 30)
    rows = store.bars(SYMBOL, HOUR).project("volume").fetchall()
    assert [float(v) for v in made.volumes[:2]] == [round(volume, 8) for (volume,) in rows]
    assert list(usual_volumes(tmp_path, (SYMBOL,), start_ns + 40 * DAY, 30)) == []


def test_a_vwap_buys_where_the_volume_is() -> None:
    bench = SliceBench(tier="STRATEGIST", cash="20000")
    hour = bench.now_ns % DAY // HOUR
    volumes = tuple(D(4) if at == (hour + 1) % 24 else D(1) for at in range(24))
    bench.tell(VolumeProfileReported(bench.now_ns, SYMBOL, HOUR, volumes, 9))
    step = bench.sliced("vwap", "900", over_ns=2 * HOUR)
    (started,) = bench.started
    half = len(started.slices) // 2
    early, late = sum(started.slices[:half]), sum(started.slices[half:])
    assert D("2.6") < late / early < D("5.4")
    while not bench.receipts:
        bench.fill_slice(step)
        at_ns = bench._timers().get(SLICE_TIMER + SYMBOL)
        if at_ns is None:
            break
        bench.now_ns = at_ns
        bench.book()
        step = bench.tell(TimerFired(at_ns, SLICE_TIMER + SYMBOL))
        assert entries(step) or bench.receipts
    (receipt,) = bench.receipts
    assert receipt.ended == "complete"
    assert whole(bench.slices) == receipt.filled_qty == started.qty
