"""The shape of the checkout: what lies where, how long files may be, and what no text may say."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOP = {"genesis", "notebooks", "dashboards", "data", "tests"} | {
    "environment.yml",
    "pyproject.toml",
    "README.md",
}
DOTS = {".ci", ".github", ".gitignore", ".pre-commit-config.yaml", ".env.example"}
LONGEST = 400
README_COMMANDS = (
    "python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/genesis demo",
    'python3 -m venv .venv && .venv/bin/pip install -e ".[dev]" && .venv/bin/pytest',
)
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
MACHINE = re.compile(
    r"(?<![\w.~}])/(work|tmp|opt|root|mnt|home|Users)/"  # folders of one machine
    r"|\b(py" + r"pi|files\.python" + r"hosted)\.org|--(extra-)?index" + r"-url|find" + r"-links"
)
OURSELVES = Path(__file__).relative_to(ROOT)


def committed() -> list[Path]:
    """Every file git holds or would add, relative to the checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    return [Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def files() -> list[Path]:
    return committed()


@pytest.fixture(scope="module")
def texts(files: list[Path]) -> dict[Path, str]:
    """Every text file with its content, this one left out."""
    found = {}
    for file in files:
        raw = (ROOT / file).read_bytes()
        if b"\0" not in raw and file != OURSELVES:
            found[file] = raw.decode()
    return found


def test_the_top_level_is_exactly_what_was_agreed(files: list[Path]) -> None:
    assert {file.parts[0] for file in files} == TOP | DOTS


def test_nothing_made_at_run_time_is_committed(files: list[Path]) -> None:
    in_data = {file.as_posix() for file in files if file.parts[0] == "data"}
    assert in_data == {"data/README.md", "data/.gitignore"}
    assert not [file for file in files if file.suffix in {".pyc", ".db", ".parquet", ".log"}]


def test_no_file_of_the_package_is_too_long_to_read(texts: dict[Path, str]) -> None:
    lengths = {
        file.as_posix(): text.count("\n")
        for file, text in texts.items()
        if file.parts[0] == "genesis" and file.suffix == ".py"
    }
    assert not {file: n for file, n in lengths.items() if n > LONGEST}


def test_no_room_is_called_by_a_name_that_says_nothing(files: list[Path]) -> None:
    vague = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
    assert not [file for file in files if vague & {part.split(".")[0] for part in file.parts}]


def found(pattern: re.Pattern[str], texts: dict[Path, str]) -> list[str]:
    return [
        f"{file}:{number}: {line.strip()}"
        for file, text in texts.items()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_nothing_is_left_unfinished(texts: dict[Path, str]) -> None:
    assert not found(UNFINISHED, texts)


def test_no_text_knows_one_machine_or_registry(texts: dict[Path, str]) -> None:
    assert not found(MACHINE, texts)


ONE_MACHINE = ["see /" + "work/main", "/" + "tmp/x", "https://py" + "pi.org/x"]


@pytest.mark.parametrize("line", ONE_MACHINE)
def test_the_pattern_for_machine_paths_finds_them(line: str) -> None:
    assert MACHINE.search(line)
    assert not MACHINE.search("data/tmp/x and {root}/wo" + "rk/ and a/home/b")


def test_the_readme_gives_exactly_the_two_commands() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [line for line in readme.splitlines() if "venv .venv" in line] == list(README_COMMANDS)


def test_ci_runs_the_readmes_test_command() -> None:
    script = (ROOT / ".ci/run").read_text()
    plain = script.replace('"$python"', "python3").replace('"$venv"', ".venv")
    plain = re.sub(r'"\$venv(/[^"]*)"', r".venv\1", plain).replace("install -q", "install")
    assert README_COMMANDS[1].replace(" && ", "\n") in plain
    assert (ROOT / ".ci/run").stat().st_mode & 0o111


def test_every_link_of_the_readme_leads_somewhere() -> None:
    readme = (ROOT / "README.md").read_text()
    for target in re.findall(r"\]\(([^)#:]+)\)", readme):
        assert (ROOT / target).exists(), target
