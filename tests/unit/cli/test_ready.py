"""The line of an engine that is ready."""

from genesis.cli.ready import control_line


def test_a_halt_is_said_at_once() -> None:
    facts = {"url": "http://127.0.0.1:8080", "halted": None}
    assert control_line(facts) == "control API: http://127.0.0.1:8080 (ready)"
    told = control_line(facts | {"halted": "enough for today"})
    assert told.splitlines()[1] == (
        "halted (enough for today): positions may be reduced, nothing else; "
        "`genesis tier status` tells the way out"
    )
