"""`genesis lab`: JupyterLab behind a token, with the notebooks, and nothing left after it."""

import signal
import socket
import subprocess
from pathlib import Path

import httpx
import psutil

from tests.support.patience import PATIENCE_S
from tests.support.process import ROOT, Process, ran


def test_it_opens_the_tour_behind_a_token_and_ends_with_its_kernels(tmp_path: Path) -> None:
    arguments = ("lab", "--home", str(tmp_path / "home"), "--port", "0", "--json")
    secret = {"GENESIS_API_SECRET": "the-venues-secret"}
    with Process(tmp_path, *arguments, **secret) as lab:
        ready = lab.ready
        assert ready["root"] == str(ROOT)
        url, _, token = ready["url"].partition("?token=")
        assert url.endswith("/lab/tree/notebooks/00_tour.ipynb")
        token_file = Path(ready["token_file"])
        assert token_file.read_text().strip() == token
        assert token_file.stat().st_mode & 0o777 == 0o600
        listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
        assert token not in listed.stdout
        base = f"http://127.0.0.1:{ready['port']}"
        with httpx.Client(base_url=base, trust_env=False, timeout=PATIENCE_S) as http:
            address = "/api/contents/notebooks/00_tour.ipynb"
            assert http.get(address).status_code == 403
            headers = {"Authorization": f"token {token}"}
            assert http.get(address, headers=headers).json()["type"] == "notebook"
            evil = http.get(address, headers={**headers, "Host": "evil.example"})
            assert evil.status_code == 403
            assert http.get(url, headers=headers).status_code == 200
            news = "/lab/api/settings/@jupyterlab/apputils-extension:notification"
            wishes = http.get(news, headers=headers).json()["schema"]["properties"]
            assert wishes["fetchNews"]["default"] == "false"
            assert wishes["checkForUpdates"]["default"] is False
            started = http.post("/api/kernels", headers=headers, json={"name": "python3"})
            assert started.status_code == 201
        left = psutil.Process(ready["pid"]).children(recursive=True)
        assert left
        assert lab.end(signal.SIGTERM) == 0
        assert psutil.wait_procs(left, timeout=PATIENCE_S)[1] == []
        assert "Warning" not in lab.told()


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = ran(tmp_path, "lab", "--home", str(tmp_path / "home"), "--port", port)
    assert (told.returncode, told.stderr.count("\n")) == (2, 1)
    assert f"port {port} of JupyterLab is in use" in told.stderr
