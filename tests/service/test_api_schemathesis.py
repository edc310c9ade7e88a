"""A running service against its own document: whatever is sent, it answers as it promised."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from genesis.service.api.keys import HEADER
from genesis.service.home import read_key
from tests.support.patience import PATIENCE_S
from tests.support.process import Process, environment

EXAMPLES = 5
RULES = """
# What a line or an intent says is judged after its form: 422 `not_understood`.
[[operations]]
include-path = "/commands"
checks.positive_data_acceptance.expected-statuses = ["2xx", "409", "422"]

# A lock comes before everything else, malformed or not; the page is judged after its form.
[[operations]]
include-path = "/tilt/override"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "409", "423"]
checks.negative_data_rejection.expected-statuses = ["4xx"]

# Whether a text is a rulebook is judged after its form.
[[operations]]
include-path = "/rules"
checks.positive_data_acceptance.expected-statuses = ["2xx", "409", "422"]

[[operations]]
include-path = "/rules/diff"
checks.positive_data_acceptance.expected-statuses = ["2xx", "409", "422"]

# Where no lane is open there is no session.
[[operations]]
include-path = "/paper/session"
checks.positive_data_acceptance.expected-statuses = ["2xx", "409"]

# The phrase of a ceremony is not told by its form.
[[operations]]
include-path = "/tier/ceremony"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "409"]
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("schemathesis-home")


@pytest.fixture(scope="module")
def service(home: Path) -> Iterator[Process]:
    arguments = ("run", "--mode", "paper", "--json", "--port", "0", "--home", str(home))
    with Process(home, *arguments, GENESIS_RATE_LIMIT="100000") as it:
        yield it


def test_no_failure_over_all_endpoints(service: Process, home: Path, tmp_path: Path) -> None:
    """`/stream` has no end and a test of its own."""
    (tmp_path / "rules.toml").write_text(RULES)
    report = tmp_path / "events.ndjson"
    found = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", str(tmp_path / "rules.toml"), "--no-color"),
            *("run", f"{service.ready['url']}/openapi.json", "--exclude-path", "/stream"),
            *("--header", f"{HEADER}: {read_key(home / 'control.key')}"),
            *("--phases", "coverage,fuzzing", "--max-examples", str(EXAMPLES)),
            *("--seed", "1", "--continue-on-failure"),
            *("--report-ndjson-path", str(report), "--generation-database", "none"),
        ],
        capture_output=True,
        text=True,
        env=environment(),
        cwd=tmp_path,
        timeout=5 * PATIENCE_S,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    paths = json.dumps(report.read_text())
    for path in ("/commands", "/emergency/close-all", "/tilt/override", "/journal/draft", "/docs"):
        assert path in paths
    log = (home / "logs" / "genesis.jsonl").read_text()
    assert "request broke" not in log and "Traceback" not in log
    assert service.end() == 0
