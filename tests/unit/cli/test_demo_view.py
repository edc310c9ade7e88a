"""The plain view of the demo, and a report without a terminal: nothing is silent for long."""

import pytest

from genesis.cli import report
from genesis.cli.demo_view import PlainView
from genesis.domain.time import MINUTE, SECOND

CALM = {"t": "2024-01-01T00:07:32Z", "equity": "499.913", "tilt": 12, "level": "NORMAL"}


class Wall:
    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        return self.now_ns


def test_how_things_stand_is_told_when_nothing_else_is(capsys: pytest.CaptureFixture[str]) -> None:
    wall = Wall()
    view = PlainView(3.0, wall)
    view.heard(CALM)
    wall.now_ns = 4 * SECOND
    view.heard({"t": "2024-01-01T00:08:00Z"})
    assert capsys.readouterr().out == ""
    wall.now_ns = MINUTE
    view.heard({"positions": [{"quantity": "0.1", "symbol": "BTC/USDT"}]})
    view.heard({})
    (line,) = capsys.readouterr().out.splitlines()
    assert line == (
        "00:08:00  (1.0 of 3 minutes) equity 499.91 USDT, 0.1 BTC/USDT held, tilt 12 NORMAL"
    )
    wall.now_ns += 5 * SECOND
    view.say("> close all")
    view.heard({"positions": []})
    assert len(capsys.readouterr().out.splitlines()) == 1
    wall.now_ns += 5 * SECOND
    view.heard({})
    assert "nothing held" in capsys.readouterr().out


def test_nothing_is_told_of_an_account_that_is_not_known_yet(
    capsys: pytest.CaptureFixture[str],
) -> None:
    wall = Wall()
    view = PlainView(3.0, wall)
    wall.now_ns = MINUTE
    view.heard({"t": "2024-01-01T00:00:00Z"})
    assert capsys.readouterr().out == ""


def test_a_report_without_a_terminal_tells_how_far_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wall = Wall()
    monkeypatch.setattr("genesis.service.clock.elapsed_ns", wall)
    with report.cells("daily of 2024-01-01") as progress:
        progress(1, 12)
        wall.now_ns = 6 * SECOND
        progress(5, 12)
        progress(6, 12)
    assert capsys.readouterr().err == "daily of 2024-01-01: 5 of 12 cells\n"
