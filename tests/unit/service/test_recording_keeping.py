"""The recorder's disk when bringing in is slower than the market."""

from collections import deque
from itertools import count
from pathlib import Path

import pytest

from genesis.service.recording import keeping as keepings
from genesis.service.recording.keeping import Keeping
from genesis.store.ticks import TickStore
from genesis.store.ticks.sealing import Sealed, seal
from tests.support.recorded import BTC, blocks, heard, trade


def test_a_slow_store_gets_larger_segments_and_is_compacted_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More is heard while each segment comes in, and each is due at once."""
    root, ticks = TickStore(tmp_path).root, count()
    sealed: list[int] = []
    compacted: list[Path] = []
    keeping = Keeping(root, [BTC], seal_after_s=0.0, wall_ns=lambda: 0, elapsed_ns=lambda: 0)

    def hear() -> None:
        n = next(ticks)
        keeping.append(blocks(heard([trade(n)], first=n)))

    def slowly(root: Path, paths: list[Path]) -> Sealed:
        for _ in range(5):
            hear()
        found = seal(root, paths)
        assert len(sealed) < 9
        sealed.append(found.added)
        return found

    class Waiting(deque[Path]):
        def popleft(self) -> Path:
            found = super().popleft()
            hear()
            return found

    monkeypatch.setattr(keepings, "seal", slowly)
    monkeypatch.setattr(keepings, "compact", lambda root, symbols: compacted.append(root))
    keeping._closed = Waiting()
    hear()
    hear()
    assert keeping.seal().added == 1
    assert keeping.seal().added == 6
    assert (sealed, len(compacted)) == ([1, 6], 2)
    monkeypatch.setattr(keepings, "seal", seal)
    keeping.close()
    keeping._closed = deque(keeping._closed)
    keeping.seal()
    assert TickStore(tmp_path).arrays(BTC).trade_id.tolist() == list(range(next(ticks)))
