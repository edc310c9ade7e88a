"""In CAUTION the headroom tells how an entry is confirmed, and which one was asked for once."""

from genesis.domain.keeping import Carried, LogForked
from genesis.domain.time import SECOND, format_utc
from genesis.service.api.headroom import headroom
from tests.support.engines import SYMBOL, Bench


def test_an_entry_that_was_asked_for_once_is_told_while_it_counts() -> None:
    bench = Bench()
    assert headroom(bench.engine)["confirmation"] is None
    bench.tell(LogForked(bench.now_ns, "x", "why", bench.now_ns, carried=Carried()))
    assert headroom(bench.engine)["confirmation"] == {"seconds": 60, "waiting": []}
    bench.buy()
    until = format_utc(bench.now_ns + 60 * SECOND)
    waiting = [{"symbol": SYMBOL, "until": until}]
    assert headroom(bench.engine)["confirmation"] == {"seconds": 60, "waiting": waiting}
    valid_s = bench.rules.tilt.interventions.confirm_valid_ns / SECOND
    bench.later(60 + valid_s)
    bench.tick("67453")
    assert headroom(bench.engine)["confirmation"] == {"seconds": 60, "waiting": []}
