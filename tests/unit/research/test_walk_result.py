"""A walk forward shows itself: in words, as a picture, as a page that needs nothing else."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genesis.errors import DataError
from genesis.research import Fees, WalkForward, walk_forward
from tests.support.walking import FREE, noise_bars, wave_bars

GRID = {"fast": [3, 8], "slow": [5, 20]}
ASKED: dict[str, Any] = {**FREE, "finalists": 0, "train": "100m", "test": "20m"}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> WalkForward:
    home = tmp_path_factory.mktemp("walk")
    return walk_forward("sma_cross", wave_bars(490), GRID, home=home, purge="3m", **ASKED)


def test_the_first_line_is_the_coverage_of_the_data(found: WalkForward) -> None:
    name, words = found.summary()[0]
    assert name == "coverage"
    assert words.startswith("490 bars, 2024-01-01T00:00:00Z")
    bundle = found._repr_mimebundle_()
    assert bundle["text/plain"].startswith("coverage")
    assert bundle["text/plain"] == repr(found)
    assert bundle["text/html"].index("coverage: 490 bars") < bundle["text/html"].index("<table")


def test_it_says_what_was_done_and_what_it_came_to(found: WalkForward) -> None:
    words = repr(found)
    assert "19, rolling: 1 h 40 min choose, 20 min judge, purge 3 min, embargo 0; 10 min" in words
    assert "the best by return_fraction of 3 in each window" in words
    assert f"efficiency       {found.efficiency:.2f}: of each unit that was promised" in words
    assert "fast 3 in 19 of 19" in words
    assert "19 saw data held out, 19 of them here" in words
    assert "nan" not in found._repr_mimebundle_()["text/html"]


def test_where_nothing_was_promised_there_is_no_efficiency() -> None:
    dear = walk_forward("sma_cross", noise_bars(160, 3), GRID, **{**ASKED, "fees": Fees(50, 50)})
    assert "– (the choices did not earn even where they were made)" in repr(dear)
    assert "did not earn even where" in dear._repr_mimebundle_()["text/html"]
    assert "did not earn" in dear.plot().layout.title.text


def test_the_picture_holds_what_was_judged_promised_and_chosen(found: WalkForward) -> None:
    figure = found.plot()
    parts = {part.name or part.type: part for part in figure.data}
    judged = parts["judged"]
    assert np.allclose(judged.y, found.equity.to_numpy() - 1)
    assert (judged.x.astype("int64") == found.equity.index).all()
    assert parts["buy and hold"].y[-1] == pytest.approx(found.metrics["hold_fraction"], abs=0.02)
    assert list(parts["kept a day"].y) == found.table["kept_per_day"].tolist()
    assert list(parts["promised a day"].y) == found.table["promised_per_day"].tolist()
    chosen = parts["heatmap"]
    assert list(chosen.y) == ["fast", "slow"]
    assert [list(map(int, row)) for row in chosen.text] == [
        found.table["fast"].tolist(),
        found.table["slow"].tolist(),
    ]
    assert len(chosen.x) == len(found) + 1
    assert str(found.coverage) in figure.layout.title.text


def test_the_page_needs_nothing_else(found: WalkForward, tmp_path: Path) -> None:
    path = found.save(tmp_path / "walk.html")
    page = path.read_text()
    assert page.index("coverage: 490 bars") < page.index("<table")
    assert page.count("<tr>") == (1 + 16) + (1 + 19), "the first and last, then every window"
    assert "default-src 'none'" in page
    words = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert "//" not in words, "no address but in the text of the drawing library"
    assert not re.search(r"<script[^>]*src=", page)
    assert "judged where it was not chosen" in page, "the figure is drawn"
    assert found.save(tmp_path / "again.html").read_bytes() == path.read_bytes()


def test_a_page_that_cannot_be_written_is_told(found: WalkForward, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    with pytest.raises(DataError, match="file"):
        found.save(tmp_path / "file" / "walk.html")
    assert (tmp_path / "file").read_text() == "kept"
