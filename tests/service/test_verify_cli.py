"""`genesis verify` on the real command line: same, different, broken, unreadable."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlcipher3.dbapi2 as driver

from genesis.store.chain import EventRow, sealed_event
from genesis.store.database import DATABASE_NAME
from genesis.store.schema import ZERO_HASH
from tests.support.patience import PATIENCE_S
from tests.support.process import ran
from tests.support.recorded_home import record_home

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    home = tmp_path_factory.mktemp("verified") / "home"
    return home, record_home(home)


@pytest.fixture
def home(recorded: tuple[Path, str], tmp_path: Path) -> Path:
    """A copy, at another place."""
    return Path(shutil.copytree(recorded[0], tmp_path / "moved" / "elsewhere"))


def verify(
    home: Path | None, seed: str | None = None, **env: str
) -> "subprocess.CompletedProcess[str]":
    """seed: of the hashes, in a new Python."""
    arguments = ["--home", str(home)] if home else []
    if seed is None:
        return ran(ROOT, "verify", *arguments, **env)
    return subprocess.run(
        [sys.executable, "-m", "genesis", "verify", *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": seed} | env,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


def last_line(done: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("seed", ["0", "12345"])
def test_a_moved_home_verifies_to_the_same_digest_under_any_hash_seed(
    recorded: tuple[Path, str], home: Path, seed: str
) -> None:
    done = verify(home, seed)
    assert done.returncode == 0, done.stderr
    line = last_line(done)
    assert line.keys() == {"verified", "decision_digest", "events", "first_difference"}
    assert line["verified"] is True
    assert line["decision_digest"] == recorded[1]
    assert line["events"] > 250
    assert line["first_difference"] is None
    assert done.stderr == ""


def test_the_home_of_the_environment_is_taken(home: Path) -> None:
    assert verify(None, GENESIS_HOME=str(home)).returncode == 0


def test_a_changed_row_breaks_the_chain(home: Path) -> None:
    change(home, "UPDATE events SET body = body || ' ' WHERE seq = 20")
    done = verify(home)
    assert done.returncode == 1
    line = last_line(done)
    assert line["verified"] is False
    assert (line["first_difference"]["table"], line["first_difference"]["seq"]) == ("events", 20)
    assert "chain is broken at row 20 of events" in done.stdout


def test_a_decision_that_was_forged_with_its_whole_chain_is_named(home: Path) -> None:
    forge(home, '"accepted":true', '"accepted":false', "CommandAnswered") or forge(
        home, '"limits_used":[', '"limits_used":[["x","1"],', "OrderApproved"
    )
    done = verify(home)
    assert done.returncode == 1, done.stderr
    line = last_line(done)
    first = line["first_difference"]
    assert first["place"].startswith("outcome")
    assert first["recorded"] != first["recomputed"]
    assert {"run", "step", "event"} <= first.keys()
    assert f"step {first['step']}" in done.stdout


@pytest.mark.parametrize("case", ["absent", "no database", "truncated", "no log"])
def test_what_cannot_be_read_is_one_line_and_exit_2(home: Path, case: str) -> None:
    file = home / DATABASE_NAME
    content = file.read_bytes()
    file.unlink()
    if case == "no database":
        file.write_bytes(b"hello" * 1000)
    elif case == "truncated":
        file.write_bytes(content[: len(content) // 2])
    elif case == "no log":
        driver.connect(str(file)).execute("CREATE TABLE x (y)").connection.close()
    done = verify(home)
    assert done.returncode == 2, done.stdout
    assert str(file) in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


def change(home: Path, *statements: str) -> None:
    connection = driver.connect(str(home / DATABASE_NAME))
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in found:
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def forge(home: Path, old: str, new: str, kind: str) -> bool:
    """Change one decision and compute every hash after it anew, as a thorough forger would."""
    change(home)
    connection = driver.connect(str(home / DATABASE_NAME))
    rows = [EventRow(*row) for row in connection.execute("SELECT * FROM events ORDER BY seq")]
    place = next((i for i, row in enumerate(rows) if row.kind == kind and old in row.body), None)
    if place is None:
        return False
    rows[place] = rows[place]._replace(body=rows[place].body.replace(old, new, 1))
    previous = ZERO_HASH
    connection.execute("DELETE FROM events")
    for row in rows:
        sealed = sealed_event(row._replace(prev_hash=previous))
        previous = sealed.hash
        connection.execute(f"INSERT INTO events VALUES ({','.join('?' * len(sealed))})", sealed)
    connection.commit()
    connection.close()
    return True
