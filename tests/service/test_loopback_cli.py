"""`genesis exchange` on the real command line."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from genesis.cli.main import main
from tests.support.loopback import SYMBOL, ccxt_at
from tests.support.patience import PATIENCE_S

COMMAND = (sys.executable, "-m", "genesis", "exchange")
ROWS = "".join(
    f"{n},600{n % 10}0.00,0.50000000,30000.00,{1_700_000_000_000 + 40 * n},{n % 2 == 0!s},True\n"
    for n in range(1, 400)
)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "BTCUSDT-trades-2023-11-14.csv"
    path.write_text(ROWS)
    return path


@contextmanager
def running(*options: str) -> Iterator[tuple["subprocess.Popen[str]", dict[str, str]]]:
    process = subprocess.Popen(
        [*COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def refused(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """The one line of a refusal with exit code 2."""
    assert main(["exchange", *options]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    lines = told.err.strip().splitlines()
    assert len(lines) == 1, told.err
    return lines[0]


def test_it_says_where_it_is_trades_and_ends_cleanly(archive: Path) -> None:
    options = ("--feed", str(archive), "--api-key", "k", "--api-secret", "s", "--speed", "2")
    with running(*options, "--balance", "USDT=1000", "--balance", "btc=0.5") as (process, told):
        assert told["url"].startswith("http://127.0.0.1:")

        async def trade() -> None:
            async with ccxt_at(told["url"], apiKey="k", secret="s") as client:
                await asyncio.wait_for(client.watch_trades(SYMBOL), PATIENCE_S)
                order = await client.create_order(SYMBOL, "market", "buy", 0.01)
                assert order["status"] == "closed"
                assert (await client.fetch_balance())["BTC"]["total"] == pytest.approx(0.50999)

        asyncio.run(trade())
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_the_sample_needs_no_file_and_ctrl_c_ends_it() -> None:
    with running("--sample", "--loop", "--speed", "20") as (process, told):
        assert told["feed"] == "synthetic sample"
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 0


def test_bad_input_is_one_line_and_exit_code_2(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "none.csv"
    empty = tmp_path / "BTCUSDT-trades-empty.csv"
    empty.touch()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        cases = {
            f"{missing}: no such file": ("--feed", str(missing)),
            f"{empty} is empty": ("--feed", str(empty)),
            f"port {port}": ("--feed", str(archive), "--port", port),
            "no ticks of ETH/USDT": ("--symbol", "ETH/USDT"),
            "--feed FILE, --symbol S or --sample": (),
            "--start and --end go with --symbol": ("--sample", "--start", "2024-01-01"),
            "is not a UTC time": ("--symbol", "BTC/USDT", "--start", "soon"),
            "speed -1.0 is not above 0": ("--sample", "--speed", "-1"),
            "ASSET=AMOUNT": ("--sample", "--balance", "USDT"),
        }
        for words, options in cases.items():
            assert words in refused(capsys, *options)


def test_a_file_that_is_damaged_further_on_ends_it_with_the_line(archive: Path) -> None:
    archive.write_text(ROWS * 20 + "broken,row\n")
    with running("--feed", str(archive), "--speed", "10000") as (process, _):
        assert process.wait(PATIENCE_S) == 2
        assert process.stderr is not None
        assert archive.name in process.stderr.read()


def test_a_script_and_dice_of_faults_are_armed_from_the_start(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "faults.json"
    fault = {"path": "/api/v3/ping", "method": "GET", "mode": "http", "code": -1001}
    script.write_text(json.dumps({"faults": [fault], "system": {"maintenance": True}}))
    options = ("--feed", str(archive), "--faults", str(script), "--fault-seed", "7")
    with running(*options, "--fault-odds", "1", "--connection-hours", "1") as (_, told):
        assert httpx.get(f"{told['url']}/api/v3/ping", trust_env=False).json()["code"] == -1001
        status = httpx.get(f"{told['url']}/sapi/v1/system/status", trust_env=False)
        assert status.json()["status"] == 1
        with suppress(httpx.HTTPError):
            httpx.get(f"{told['url']}/api/v3/openOrders", trust_env=False)
        met = httpx.post(f"{told['url']}/__genesis__/plan", trust_env=False).json()
        assert len(met["requests"]) == 2
    for wrong, words in (
        ("{", "is no JSON"),
        ("[]", "an object of"),
        ('{"faults": 1}', "is a list"),
        ('{"faults": [{"path": "", "method": "", "mode": "odd"}]}', "none of"),
    ):
        script.write_text(wrong)
        assert words in refused(capsys, "--feed", str(archive), "--faults", str(script))
    gone = ("--feed", str(archive), "--faults", str(tmp_path / "none.json"))
    assert "cannot be read" in refused(capsys, *gone)
    odd = ("--feed", str(archive), "--connection-hours", "25")
    assert "--connection-hours" in refused(capsys, *odd)
