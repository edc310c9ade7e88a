"""`genesis halt`: it halts at once, with a reason, without one, and with one that is too long."""

import pytest

from genesis.cli import service
from tests.support.service_told import Service, runner


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ((), "halt "),
        (("--reason", "stop"), "halt stop"),
        (("--reason", "x" * 900), "halt " + "x" * 495),
    ],
)
def test_no_reason_keeps_it_from_halting(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    given: tuple[str, ...],
    line: str,
) -> None:
    stands = Service("/health", {}, {"verdict": "approved", "notes": ["trading is halted"]})
    code, out, _ = runner(service, "halt", monkeypatch, capsys)(stands, *given)
    assert (code, out) == (0, "trading is halted\n")
    assert stands.asked == [("/commands", {"text": line})]
