"""Each planted defect is found under its own name, and what is whole has none."""

from pathlib import Path

import pytest

from genesis.errors import DataError, UsageError
from genesis.research import Ticks
from genesis.research.made_up_books import calm_book
from genesis.research.quality import Quality, check_file, compare_quality
from genesis.research.spoiled import DEFECTS, Spoiled, spoiled

FOUND = {
    "a gap": {"missing": 60, "gaps": 1, "silences": 1},
    "rows twice": {"repeated": 50, "disorder": 1},
    "rows that contradict": {"conflicting": 3},
    "out of order": {"disorder": 1},
    "time runs backwards": {"backwards": 1},
    "a silence": {"silences": 1},
    "prices astray": {"outliers": 2},
    "receive clock astray": {"stray_received": 30},
    "stamps in seconds": {"unreadable": 5, "missing": 5, "gaps": 1},
    "zero and text": {"unreadable": 2, "missing": 2, "gaps": 2},
}
FAULTS = (
    "missing", "gaps", "repeated", "conflicting", "unreadable", "disorder", "backwards",
    "silences", "outliers", "stray_received",
)  # fmt: skip


@pytest.fixture(scope="module")
def files() -> Spoiled:
    return spoiled(calm_book(20))


@pytest.fixture(scope="module")
def checks(files: Spoiled) -> dict[str, Quality]:
    return {name: check_file(path) for name, path in files.items()}


@pytest.mark.parametrize("name", [*DEFECTS, "whole, as Parquet"])
def test_what_was_planted_is_found_and_nothing_else(checks: dict[str, Quality], name: str):
    found = checks[name].found
    assert {fault: getattr(found, fault) for fault in FAULTS} == dict.fromkeys(FAULTS, 0) | (
        FOUND.get(name, {})
    )
    assert checks[name].is_clean == (name.startswith("whole") or name == "a silence")
    assert found.symbol == "CALM/USDT"


def test_a_report_says_where(checks: dict[str, Quality]):
    gap = checks["a gap"]
    assert gap.gaps[["first_id", "last_id", "missing"]].values.tolist() == [["601", "660", 60]]
    assert "601" in gap._repr_mimebundle_()["text/html"]
    assert "60 missing in 1 gap" in repr(gap)
    assert checks["prices astray"].outliers["trade_id"].tolist() == ["251", "801"]
    assert "2 unreadable" in repr(checks["zero and text"])
    whole = checks["whole"]
    assert whole.gaps.empty
    assert whole.outliers.empty


def test_the_table_has_a_column_for_each_fault(checks: dict[str, Quality]):
    table = compare_quality(checks).set_index("file")
    assert table.loc["whole"].tolist() == ["clean", 1200] + [0] * 9
    assert table.loc["a gap", ["verdict", "rows", "missing"]].tolist() == ["not clean", 1140, 60]
    assert table.loc["receive clock astray", "astray"] == 30


def test_the_files_go_with_their_folder():
    files = spoiled(calm_book(20))
    folder = files.folder
    assert all(path.parent == folder for path in files.values())
    del files
    assert not folder.exists()


def test_too_few_trades_and_files_of_nothing_are_refused(tmp_path: Path):
    with pytest.raises(DataError, match="1,000"):
        spoiled(calm_book(10))
    few = calm_book(20).frame().drop(columns="trade_id")
    with pytest.raises(DataError, match="ids"):
        spoiled(Ticks.from_arrays(calm_book(1).instrument, **few))
    with pytest.raises(DataError):
        check_file(tmp_path / "absent.csv")
    with pytest.raises(UsageError):
        check_file(tmp_path / "absent.csv", "no symbol")
