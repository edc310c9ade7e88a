"""`genesis paper`: what is asked of the service, what a person reads, and the exit codes."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from genesis.cli import paper
from tests.support.service_told import Ran, Service, runner

SESSION = {"required": False, "begun_at": None, "signs": 0, "minutes": 30, "minutes_left": 30}
ACCOUNT = {
    "stream": "paper-1",
    "tier": "SNIPER",
    "mode": "ACTIVE",
    "equity": "2000.5",
    "tilt_score": 3,
    "tilt_level": "NORMAL",
    "positions": [{"symbol": "BTC/USDT", "quantity": "0.001", "entry_price": "60000"}],
}
DAYS = [
    {"day": "2024-01-01", "trades": 2, "pnl": "1.5", "profitable": True},
    {"day": "2024-01-02", "trades": 1, "pnl": "-0.25", "profitable": False},
]
CLOSED: dict[str, Any] = {
    "open": False,
    "problem": None,
    "account": None,
    "session": SESSION,
    "days": [],
}


def service(told: dict[str, Any]) -> Service:
    """Whatever it is asked, it tells this."""
    return Service("/paper/status", told)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    return runner(paper, "paper", monkeypatch, capsys)


def test_status_tells_account_days_and_what_is_left_of_the_session(run) -> None:
    told = {**CLOSED, "open": True, "account": ACCOUNT, "days": DAYS}
    told["session"] = {**SESSION, "required": True}
    code, out, _ = run(service(told), "status")
    assert code == 0
    assert out.splitlines() == [
        "open       paper-1, SNIPER/ACTIVE, equity 2000.50 USDT, tilt 3 NORMAL",
        "position   0.001 BTC/USDT at 60000.00",
        "day        2024-01-01: 2 trades, +1.5000 USDT, profitable",
        "day        2024-01-02: 1 trades, -0.2500 USDT, not profitable",
        "session    a lock waits for one: 30 quiet minutes to go",
    ]
    assert json.loads(run(service(told), "status", "--json")[1]) == told


@pytest.mark.parametrize(
    ("session", "line"),
    [
        ({}, None),
        (
            {"begun_at": "2024-01-01T09:00:00.5Z", "minutes_left": 7},
            "session    since 2024-01-01 09:00:01 UTC, 7 quiet minutes to go",
        ),
        (
            {"begun_at": "T", "signs": 2},
            "session    2 acts in it were not calm: begin it again, 30 quiet minutes to go",
        ),
    ],
)
def test_status_says_of_a_session_what_there_is_to_say(
    run, session: dict[str, Any], line: str | None
) -> None:
    told = {**CLOSED, "problem": "EventLogError: full", "session": {**SESSION, **session}}
    lines = run(service(told), "status")[1].splitlines()
    assert lines == ["closed     EventLogError: full", *([] if line is None else [line])]


def test_a_command_goes_to_the_lane_and_nowhere_else(run) -> None:
    done = {"verdict": "approved", "qty": "0.0003", "symbol": "BTC/USDT", "notes": ["clipped"]}
    asked = service(done)
    code, out, _ = run(asked, "command", "buy 20 usdt btc")
    assert (code, out) == (0, "on paper: 0.0003 BTC/USDT\nclipped\n")
    assert asked.asked == [("/commands", {"text": "buy 20 usdt btc", "lane": "paper"})]
    code, _, error = run(service({"verdict": "refused", "reason": "no lane"}), "command", "status")
    assert code == 1 and "no lane" in error


def test_a_session_is_begun_ended_and_judged(run) -> None:
    told = {"act": "begin", "done": True, "accepted": None, "reason": "a session is on"}
    asked = service({**told, "session": SESSION})
    code, out, _ = run(asked, "session", "begin")
    assert (code, out) == (0, "a session is on: 30 quiet minutes to go\n")
    assert asked.asked == [("/paper/session", {"act": "begin"})]
    ended = {**told, "act": "end", "accepted": True, "reason": "accepted", "session": SESSION}
    assert run(service(ended), "session", "end")[:2] == (0, "accepted\n")
    short = {**ended, "accepted": False, "reason": "it was shorter than 30 minutes"}
    code, _, error = run(service(short), "session", "end")
    assert code == 1 and "does not count: it was shorter" in error
    code, _, error = run(service({**short, "done": False}), "session", "end")
    assert code == 1 and "does not count" not in error
    code, _, error = run(service({"detail": "it cannot be done now"}), "session", "end")
    assert code == 1 and "it cannot be done now" in error
    assert run(asked, "session", "pause")[0] == 2
