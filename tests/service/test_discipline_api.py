"""Ceremony and override through the control API of a real service that goes on with a past."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from genesis.cli.main import main
from tests.support.acts import Page
from tests.support.ceremony_home import (
    PHRASE,
    RecordedHome,
    record_ceremony_home,
    record_warning_home,
)
from tests.support.process import Control, Process, going_on

ACCEPT = "I ACCEPT THE RISKS"
TEXT = Page(90).text


@pytest.fixture(scope="module")
def promoted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Control, RecordedHome]]:
    """A service in the mode CEREMONY."""
    folder = tmp_path_factory.mktemp("ceremony")
    recorded = record_ceremony_home(folder / "home")
    with Process(folder, *going_on(recorded), GENESIS_RATE_LIMIT="1000") as service:
        yield Control(service.ready["url"], recorded.home), recorded


@pytest.fixture(scope="module")
def paused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Control, RecordedHome]]:
    """A service at tilt WARNING."""
    folder = tmp_path_factory.mktemp("warning")
    recorded = record_warning_home(folder / "home")
    with Process(folder, *going_on(recorded), GENESIS_RATE_LIMIT="1000") as service:
        yield Control(service.ready["url"], recorded.home), recorded


# -- the ceremony ----------------------------------------------------------------------------
def test_the_way_shows_the_ceremony_and_what_it_unlocks(
    promoted: tuple[Control, RecordedHome],
) -> None:
    control, _ = promoted
    path = control.get("/tier/path")
    assert (path["tier"], path["mode"], path["next_tier"]) == ("SNIPER", "CEREMONY", "HUNTER")
    assert path["ceremony"]["phrase"] == PHRASE
    assert path["ceremony"]["unlocks"] == ["iceberg_hunter", "multi_pair", "twap_hunter"]
    assert path["evaluation"]["passed"] is True
    assert path["evaluation"]["day"] == "2023-12-30"
    assert path["evaluation"]["evaluated_at"] == "2023-12-31T00:05:00Z"
    assert [step["mode"] for step in path["history"]] == ["ACTIVE", "PAPER48", "CEREMONY"]
    assert all(gate["passed"] for gate in path["gates"])
    assert path["paper"] is path["adjust"] is path["no_promotion_before"] is None
    assert path["plan"] and path["reduce_only"] == []


@pytest.mark.parametrize("wrong", [PHRASE.lower(), PHRASE + " "])
def test_a_phrase_that_is_not_exact_changes_nothing(
    promoted: tuple[Control, RecordedHome], wrong: str
) -> None:
    control, _ = promoted
    answer = control.post("/tier/ceremony", phrase=wrong, client_ref=f"wrong {wrong!r}")
    assert answer.status_code == 400, answer.text
    again = control.post("/tier/ceremony", phrase=wrong, client_ref=f"wrong {wrong!r}")
    assert (again.status_code, again.json()) == (400, answer.json())


def test_wrong_phrases_end_the_ceremony_by_a_tilt_warning_at_last(
    tmp_path: Path,
) -> None:
    """Each is a point of evidence: who types it wrong again and again is not calm."""
    recorded = record_ceremony_home(tmp_path / "home")
    with Process(tmp_path, *going_on(recorded), GENESIS_RATE_LIMIT="1000") as service:
        control = Control(service.ready["url"], recorded.home)
        asked = ({"phrase": "let me in"} for _ in range(8))
        codes = [control.post("/tier/ceremony", **body).status_code for body in asked]
        assert codes[0] == 400
        assert codes[-1] == 409
        path = control.get("/tier/path")
        assert path["mode"] == "ACTIVE"
        assert path["history"][-1]["reason"].startswith("tilt is")
        answer = control.post("/tier/ceremony", phrase=PHRASE)
        assert (answer.status_code, answer.json()["accepted"]) == (409, False)


def test_the_phrase_opens_the_next_tier_once(tmp_path: Path, capsys: Any) -> None:
    recorded = record_ceremony_home(tmp_path / "home")
    with Process(tmp_path, *going_on(recorded), GENESIS_RATE_LIMIT="1000") as service:
        control = Control(service.ready["url"], recorded.home)
        held = control.post("/tier/ceremony", phrase=PHRASE, client_ref="step up")
        assert held.status_code == 200, held.text
        assert held.json() == {"accepted": True, "tier": "HUNTER", "mode": "ADJUST48"}
        again = control.post("/tier/ceremony", phrase=PHRASE, client_ref="step up")
        assert (again.status_code, again.json()) == (200, held.json())
        more = control.post("/tier/ceremony", phrase=PHRASE, client_ref="another")
        assert more.status_code == 409
        path = control.get("/tier/path")
        assert path["adjust"] == {
            "until": path["adjust"]["until"],
            "trades": 0,
            "needed_trades": 2,
        }
        assert path["no_promotion_before"] is not None
        assert control.get("/headroom")["multiplier"] == "0.5"
        assert "twap_hunter" not in control.get("/account/status")["locked_features"]
        service.end()
    assert main(["verify", "--home", str(recorded.home)]) == 0
    capsys.readouterr()


def test_a_malformed_ceremony_is_422(promoted: tuple[Control, RecordedHome]) -> None:
    control, _ = promoted
    for body in ({}, {"phrase": 1}, {"phrase": PHRASE, "more": 1}, {"phrase": "x" * 201}):
        assert control.post("/tier/ceremony", **body).status_code == 422


def test_the_read_key_only_looks(promoted: tuple[Control, RecordedHome]) -> None:
    control, recorded = promoted
    reader = Control(str(control.http.base_url), recorded.home, "control-read")
    assert reader.get("/tier/path")["mode"] == "CEREMONY"
    assert reader.get("/tilt/history")["status"] == "LEARNING"
    for path in ("/tier/ceremony", "/tilt/override"):
        assert reader.post(path, phrase=PHRASE).status_code == 403


# -- the command line ------------------------------------------------------------------------
def test_the_command_line_shows_and_holds_the_ceremony(tmp_path: Path, capsys: Any) -> None:
    recorded = record_ceremony_home(tmp_path / "home")
    at_home = ("--home", str(recorded.home))
    with Process(tmp_path, *going_on(recorded), GENESIS_RATE_LIMIT="1000"):
        assert main(["tier", "status", *at_home]) == 0
        told = capsys.readouterr().out
        assert "SNIPER/CEREMONY" in told and "execution_speed" in told
        assert main(["tier", "status", "--json", *at_home]) == 0
        assert json.loads(capsys.readouterr().out)["mode"] == "CEREMONY"
        assert main(["tier", "evaluate", *at_home]) == 0
        assert "passed" in capsys.readouterr().out
        assert main(["tier", "ceremony", "--phrase", "let me in", *at_home]) == 2
        assert "exactly" in capsys.readouterr().err
        assert main(["tier", "ceremony", "--phrase", PHRASE, "--json", *at_home]) == 0
        assert json.loads(capsys.readouterr().out)["tier"] == "HUNTER"
        assert main(["tier", "ceremony", "--phrase", PHRASE, *at_home]) == 1
        assert main(["tier", "evaluate", *at_home]) == 1  # no gates out of HUNTER yet
        capsys.readouterr()
    assert main(["tier", "status", *at_home]) == 3


# -- overrides -------------------------------------------------------------------------------
def test_tilt_history_tells_the_intervention_and_today(
    paused: tuple[Control, RecordedHome],
) -> None:
    told = paused[0].get("/tilt/history")
    [opened] = told["interventions"]
    assert (opened["level"], opened["ended_at"], opened["how"]) == ("WARNING", None, None)
    usual = {one["indicator"]: one for one in told["baseline"]}
    assert set(usual) >= {"gap", "lat", "size", "reent", "slen", "cancel", "typo", "widen"}
    assert max(score for _, score, *_ in told["scores"]) >= 60


def test_the_course_of_overrides(paused: tuple[Control, RecordedHome]) -> None:
    """Wrong phrase, malformed, accepted: three attempts; then nothing but 423."""
    control, recorded = paused
    wrong = control.post("/tilt/override", journal_entry=TEXT, confirmation="I accept the risks")
    assert (wrong.status_code, wrong.json()["attempts_left"]) == (400, 2)
    assert control.get("/tilt/status")["override"]["attempts_left"] == 2
    short = control.post("/tilt/override", journal_entry="too short", confirmation=ACCEPT)
    assert (short.status_code, short.json()["attempts_left"]) == (422, 1)
    body = {"journal_entry": TEXT, "confirmation": ACCEPT, "client_ref": "over"}
    done = control.post("/tilt/override", **body)
    assert done.status_code == 200, done.text
    assert done.json()["accepted"] is True
    again = control.post("/tilt/override", **body)
    assert (again.status_code, again.json()["accepted"]) == (200, True)
    for malformed in ({}, {"journal_entry": 1}):  # locked comes before malformed
        locked = control.post("/tilt/override", **malformed)
        assert locked.status_code == 423
        assert 0 < int(locked.headers["Retry-After"]) <= 24 * 3600
    status = control.get("/tilt/status")
    assert status["tilt_level"] == "CAUTION"
    assert status["journal_entries_required"] == 1  # the page is still owed
    assert status["override"]["pages_owed"] == 1
    assert status["contributions"]["override"] > 0
    assert control.get("/headroom")["multiplier"] == "0.25"
    assert control.get("/locks") == []
    gates = {
        gate["gate"]: gate["passed"]
        for gate in control.get("/config/tier")["next_tier_requirements"]
    }
    assert gates["violations"] is False
    [ended] = control.get("/tilt/history")["interventions"]
    assert ended["how"] == "override"
    events = json.dumps(control.get("/system/events?limit=1000"))
    assert TEXT[:40] not in events + (recorded.home / "logs" / "genesis.jsonl").read_text()


def test_an_override_of_nothing_is_refused_and_counts(tmp_path: Path) -> None:
    recorded = record_ceremony_home(tmp_path / "home")
    with Process(tmp_path, *going_on(recorded), GENESIS_RATE_LIMIT="1000") as service:
        control = Control(service.ready["url"], recorded.home)
        body = {"journal_entry": TEXT, "confirmation": ACCEPT}
        refused = control.post("/tilt/override", **body)
        assert (refused.status_code, refused.json()["accepted"]) == (409, False)
        assert control.get("/tilt/status")["override"]["attempts_left"] == 2
        repeated = control.post(
            "/tilt/override", journal_entry="the same words again " * 40, confirmation=ACCEPT
        )
        assert repeated.status_code == 400
        assert repeated.json()["page"] == "repetitive"
        broken = control.http.post("/tilt/override", content=b"{no json")
        assert broken.status_code == 422
        assert control.post("/tilt/override", **body).status_code == 423
        assert control.get("/tier/path")["mode"] == "CEREMONY"
