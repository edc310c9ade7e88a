"""The hash of the code covers strategies that come from elsewhere."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from genesis.service.code_manifest import code_sha256
from genesis.strategy.sma_cross import SmaCross

OURS = "from genesis.strategy.sma_cross import SmaCross\nclass Mine(SmaCross):\n    name = 'mine'\n"


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package of somebody else, with a strategy and a file beside it."""
    package = tmp_path / "somebody_else"
    package.mkdir()
    (package / "__init__.py").write_text(OURS)
    (package / "beside.py").write_text("SPEED = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield package
    sys.modules.pop("somebody_else", None)


def test_strategies_of_the_package_change_nothing() -> None:
    assert code_sha256([]) == code_sha256([SmaCross()])


def test_every_file_of_a_foreign_package_counts(elsewhere: Path) -> None:
    mine = importlib.import_module("somebody_else").Mine()
    before = code_sha256([mine])
    assert before != code_sha256([])
    assert before == code_sha256([mine])
    (elsewhere / "beside.py").write_text("SPEED = 2\n")
    assert code_sha256([mine]) != before


def test_a_strategy_without_a_file_is_no_error() -> None:
    typed = type("Typed", (SmaCross,), {"__module__": "typed_in_a_notebook"})
    assert code_sha256([typed()]) == code_sha256([])
