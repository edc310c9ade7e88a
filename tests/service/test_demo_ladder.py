"""The demo's ladder as a newcomer runs it: up by the ceremony, down by the loss of a day.

What is said on the way is compared with what the log holds, and the log with what the API told.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from genesis.cli.main import main
from genesis.domain.account import Tier, TierMode
from genesis.domain.events import AccountOpened, OperatorActed
from genesis.domain.outcomes import OrderApproved, OrderRefused, TierAnnounced, TierChanged
from genesis.service.demo.history import SYNTHETIC
from genesis.service.demo.stories import LADDER_NS
from genesis.store.database import DATABASE_NAME, Database
from genesis.store.reader import LogReader
from genesis.store.steps import LoggedStep
from tests.service.test_demo import ended, genesis, verified
from tests.support.process import Control

PHRASE = "I understand the responsibilities"


def steps(home: Path) -> Iterator[LoggedStep]:
    database = Database.open(home / DATABASE_NAME, read_only=True)
    try:
        yield from LogReader(database).read()
    finally:
        database.close()


def asked_on_the_way(home: Path, lines: Iterator[str]) -> dict[str, tuple[str, str]]:
    """Tier and mode that the API tells, at each turn of the story; and every line of it."""
    told: dict[str, tuple[str, str]] = {}
    for line in lines:
        for turn in ("stands in", "the ceremony is held", "EMERGENCY TIER DEMOTION"):
            if turn in line and turn not in told:
                facts = json.loads((home / "service.json").read_text(encoding="utf-8"))
                path = Control(facts["url"], home).get("/tier/path")
                told[turn] = (path["tier"], path["mode"])
    return told


def test_a_ceremony_and_an_emergency_demotion_within_minutes(tmp_path: Path) -> None:
    home = tmp_path / "home"
    process = genesis(
        "demo", "--story", "ladder", "--headless", "--speed", "100", "--minutes", "6",
        "--home", str(home),
    )  # fmt: skip
    assert process.stdout is not None
    heard: list[str] = []

    def lines() -> Iterator[str]:
        for line in process.stdout or ():
            heard.append(line.rstrip("\n"))
            yield line

    told = asked_on_the_way(home, lines())
    code, _, err = ended(process)
    story = "\n".join(heard)
    assert code == 0, err
    assert told == {
        "stands in": ("SNIPER", "CEREMONY"),
        "the ceremony is held": ("HUNTER", "ADJUST48"),
        "EMERGENCY TIER DEMOTION": ("SNIPER", "EMERGENCY"),
    }
    for moment in (
        SYNTHETIC,
        "TIER ADVANCEMENT READY",
        f"> {PHRASE}",
        "in the first days of a tier sizes are 50 %",
        "stopped out at",
        "Reverting to SNIPER tier for capital protection",
        "30-day minimum before re-advancement",
        "The way back takes 72 hours, a page, 3 profitable days and calm.",
    ):
        assert moment in story, story

    result = json.loads(heard[-1])
    assert result["log_verified"] is True
    assert float(result["equity"]) < 0.85 * 2150
    report = Path(result["report"])
    assert "synthetic history" in report.read_text(encoding="utf-8")
    assert verified(home, "1")["decision_digest"] == result["decision_digest"]
    assert "Traceback" not in err + (home / "logs/genesis.jsonl").read_text(encoding="utf-8")
    the_log_agrees(home)


def the_log_agrees(home: Path) -> None:
    logged = list(steps(home))
    changes = [o for step in logged for o in step.outcomes if isinstance(o, TierChanged)]
    assert [(one.tier, one.mode) for one in changes] == [
        (Tier.SNIPER, TierMode.ACTIVE),
        (Tier.SNIPER, TierMode.PAPER48),
        (Tier.SNIPER, TierMode.CEREMONY),
        (Tier.HUNTER, TierMode.ADJUST48),
        (Tier.SNIPER, TierMode.EMERGENCY),
    ]
    history = [one.ts_ns < LADDER_NS for one in changes]
    assert history == [True, True, True, False, False]
    (opened,) = [step.event for step in logged if isinstance(step.event, AccountOpened)]
    assert opened.venue == SYNTHETIC
    (held,) = [
        step.event
        for step in logged
        if isinstance(step.event, OperatorActed) and step.event.verb == "ceremony"
    ]
    assert held.phrase == PHRASE
    messages = [o.message for step in logged for o in step.outcomes if isinstance(o, TierAnnounced)]
    lost = messages[-1].partition("losses detected: -")[2].partition("%")[0]
    assert 15 < float(lost) < 20
    last = [
        o
        for step in logged
        for o in step.outcomes
        if isinstance(o, OrderApproved | OrderRefused) and o.ts_ns > changes[-1].ts_ns
    ]
    assert last, "the trader tries again after the demotion"


def test_the_ladder_has_a_market_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    feed = tmp_path / "feed.gz"
    feed.write_bytes(b"")
    assert main(["demo", "--story", "ladder", "--feed", str(feed), "--headless"]) == 2
    assert "a market of its own" in capsys.readouterr().err
    assert main(["demo", "--story", "tale", "--headless"]) == 2


def test_the_help_names_the_stories(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--help"]) == 0
    told = capsys.readouterr().out
    assert "ladder" in told and "day" in told
