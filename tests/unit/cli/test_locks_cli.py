"""`genesis locks`: pages that are owed are told once, with their place."""

from typing import Any

import pytest

from genesis.cli.main import main
from genesis.service.client import Client

TOLD = "2 pages are owed: one for an override, one for the reset of the halt"
LOCK = {"code": "TRADING_HALTED", "scope": "account", "until": None, "reason": "trading is halted"}


class Service:
    """Answers what `locks` looks at."""

    def __init__(self, told: str, *locks: dict[str, Any]) -> None:
        self.told = told
        self.locks = list(locks or (LOCK,))

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def get(self, path: str) -> Any:
        return {"/locks": self.locks, "/tilt/status": {"pages": {"told": self.told}}}[path]


@pytest.mark.parametrize("told", [TOLD, ""])
def test_locks_end_with_the_pages_that_are_owed(
    told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Client, "of", lambda settings: Service(told))
    assert main(["locks"]) == 1
    lines = capsys.readouterr().out.splitlines()
    where = "written on the tilt page: `genesis dashboard tilt`"
    assert lines[1:] == ([f"{told} ({where})"] if told else [])


def test_a_reason_that_two_codes_share_is_printed_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = LOCK | {"scope": "system", "reason": "the log is broken"}
    numbered = broken | {"reason": "GENESIS-3000 the log is broken"}
    both = [broken | {"code": "STORE_FAILED"}, numbered | {"code": "SYSTEM_FAILED"}]
    monkeypatch.setattr(Client, "of", lambda settings: Service("", *both))
    assert main(["locks"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("STORE_FAILED, SYSTEM_FAILED  system")
    assert out.count("the log is broken") == 1
