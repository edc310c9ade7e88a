"""The edges of the command line: what ends with which code, and how fast help answers."""

import errno
import resource
import subprocess
import sys

import pytest
import typer

from genesis import errors
from genesis.cli import exits
from genesis.cli.main import build, main
from tests.support.patience import PATIENCE_S
from tests.support.process import ROOT

HEAVY = ("pandas", "duckdb", "ccxt", "numpy", "pyarrow", "plotly", "sqlalchemy", "fastapi", "numba")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "genesis", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


def test_help_teaches_and_ends_with_0() -> None:
    shown = run("--help")
    assert shown.returncode == 0
    for word in ("demo", "ticks", "backtest", "exchange", "run", "status", "halt", "close-all"):
        assert f" {word} " in shown.stdout, word
    for word in ("verify", "settings", "Exit codes", "First steps"):
        assert word in shown.stdout, word
    assert shown.stderr == ""


def test_no_words_at_all_show_the_help() -> None:
    assert run().stdout == run("--help").stdout


def test_help_answers_at_once() -> None:
    """In processor time, so that a busy machine does not blur what our imports cost."""

    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run("--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(3)) < 0.5


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from genesis.cli.main import main; main(['--help'])\n"
        "print(sorted(sys.modules), file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not [name for name in HEAVY if f"'{name}'" in ended.stderr]


def verbs(app: typer.Typer, path: str = "") -> list[str]:
    """Every verb with the words that lead to it."""
    found = []
    for command in app.registered_commands:
        assert command.callback is not None
        found.append(f"{path}{command.name or command.callback.__name__.replace('_', '-')}")
    for group in app.registered_groups:
        assert group.typer_instance is not None
        name = group.name if isinstance(group.name, str) else group.typer_instance.info.name
        found += verbs(group.typer_instance, f"{path}{name} ")
    return found


def test_every_verb_has_a_help_of_its_own() -> None:
    all_verbs = verbs(build())
    assert len(all_verbs) == len(set(all_verbs))
    for verb in all_verbs:
        code = main([*verb.split(), "--help"])
        assert code == 0, verb


def test_an_unknown_verb_is_one_line_with_the_nearest_name() -> None:
    ended = run("verfiy")
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "Did you mean 'verify'?" in ended.stderr
    assert ended.stdout == ""


def test_an_unknown_option_is_one_line_that_says_where_to_read() -> None:
    ended = run("verify", "--hoem", "x")
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "--hoem" in ended.stderr
    assert "genesis verify --help" in ended.stderr


def test_the_version() -> None:
    assert run("--version").stdout.startswith("genesis 0.")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ConfigError("x"), 2),
        (errors.UsageError("x"), 2),
        (errors.DataError("x"), 2),
        (errors.EventLogError("x"), 2),
        (errors.NotBuilt("x"), 2),
        (errors.Rejected("x"), 1),
        (errors.OutOfSync("x"), 1),
        (errors.RiskLimitExceeded("x"), 1),
        (errors.TiltInterventionRequired("x"), 1),
        (errors.Unreachable("x"), 3),
        (errors.ExchangeError("x"), 3),
        (OSError(errno.ENOSPC, "No space left", "ticks/part.parquet"), 2),
        (OSError(errno.EADDRINUSE, "in use"), 2),
        (typer.Abort(), 1),
        (ExceptionGroup("tasks", [errors.ConfigError("x")]), 2),
        (ExceptionGroup("a", [ExceptionGroup("b", [errors.Unreachable("x")])]), 3),
    ],
)
def test_known_errors_are_one_line_and_their_code(
    error: BaseException, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exits.end(error) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert "Traceback" not in told.err


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"),
        errors.InvariantBroken("x"),
        OSError(errno.EIO, "input/output error"),
        ExceptionGroup("tasks", [errors.ConfigError("x"), KeyError("y")]),
    ],
)
def test_a_fault_of_ours_keeps_its_traceback(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        raise error
    except Exception as caught:
        assert exits.end(caught) == 70
    told = capsys.readouterr().err
    assert "Traceback" in told or "Exception Group" in told
    assert "fault of Genesis itself" in told


def test_what_stood_in_a_file_cannot_steer_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    exits.end(errors.DataError("x.csv line 1: 'a\x1b[2Jb\nc\rd' is no number, 5 µs"))
    assert capsys.readouterr().err == (
        "genesis: GENESIS-1200 x.csv line 1: 'a\\x1b[2Jb\\nc\\rd' is no number, 5 µs\n"
    )


def test_ctrl_c_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    assert exits.end(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == ""


def test_every_kind_of_error_has_an_exit_code() -> None:
    def below(kind: type[errors.GenesisError]) -> list[type[errors.GenesisError]]:
        return [kind, *(leaf for child in kind.__subclasses__() for leaf in below(child))]

    for kind in below(errors.GenesisError)[1:]:
        is_fault = issubclass(kind, errors.InvariantBroken)
        assert exits.exit_of(kind) in ((70,) if is_fault else (1, 2, 3)), kind
    assert exits.exit_of(errors.InvariantBroken) == 70


def test_a_reader_that_leaves_is_no_error() -> None:
    ended = subprocess.run(
        f"set -o pipefail; {sys.executable} -c "
        "'import genesis.cli.main as m, typer\n"
        'a = typer.Typer(); a.command()(lambda: [print("x" * 999) for _ in range(9999)])\n'
        "m.build = lambda: a; raise SystemExit(m.main([]))' | head -c 1",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 141
    assert ended.stderr == ""


def test_the_grammar_of_web_addresses_is_not_compiled() -> None:
    """It takes two seconds of every start, and nothing asks for it; other formats stay checked."""
    code = (
        "import sys; from genesis.cli.main import main; main(['--version']); import jsonschema; "
        "assert sys.modules['rfc3987_syntax'] is None; "
        "assert 'date' in jsonschema.FormatChecker.checkers"
    )
    path = {"PYTHONPATH": str(ROOT)}  # our tests' own start leaves it out, too
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=path)
    assert done.returncode == 0, done.stderr
