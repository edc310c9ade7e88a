"""The doors of the dashboards: what opens with the token, and everything that stays shut."""

import json
import os
import re
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
import websocket

from tests.support.dashboard import Dashboard, dashboard
from tests.support.forwarder import Forwarder
from tests.support.patience import PATIENCE_S
from tests.support.process import command, environment, ran

KERNEL = re.compile(r'"kernelId": "([0-9a-f-]{36})"')
GOOD_HOSTS = ["localhost:9000", "127.0.0.1:9000", "[::1]:9000", "localhost", "LOCALHOST:1"]
EVIL_HOSTS = [
    "evil.example",
    "evil.example:8866",
    "127.0.0.1.evil.example",
    "localhost.evil.example:9000",
    "192.0.2.7:8866",
    "evil.example@localhost",
    "localhost:9000,evil.example",
    "localhost:",
    "",
]
SHUT = [
    "/voila/files/zen_garden.ipynb",
    "/voila/tree",
    "/voila/render/zen_garden.ipynb",
    "/voila/query/" + "a-" * 4 + "a",
    "/voila/api/contents",
    "/api/contents",
    "/api/kernels",
    "/api/terminals",
    "/zen_garden.ipynb",
    "/logout",
    "/voila/templates/zen/index.html.j2",
    "/voila/templates/zen/static/../index.html.j2",
    "/voila/static/../../conf.json",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dashboard")


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Dashboard]:
    """The dashboards of a home on which no engine runs."""
    with dashboard(folder, folder / "home") as running:
        yield running


@pytest.fixture
def guest(served: Dashboard) -> Iterator[httpx.Client]:
    """Somebody who only knows the port."""
    with client(served.base) as http:
        yield http


@pytest.fixture
def trader(served: Dashboard) -> Iterator[httpx.Client]:
    """Somebody who opened the printed address: the cookie remembers it."""
    with client(served.base) as http:
        assert http.get(served.url).status_code == 302
        yield http


def client(base: str) -> httpx.Client:
    return httpx.Client(base_url=base, trust_env=False, timeout=PATIENCE_S)


def kernel_of(page: httpx.Response) -> str:
    assert page.status_code == 200, page.text
    found = KERNEL.search(page.text)
    assert found is not None
    return found[1]


def connect(
    base: str, kernel: str, *, token: str = "", host: str = "", origin: str | None = None
) -> websocket.WebSocket:
    """A websocket to a kernel, as a script or a page of `origin` opens it."""
    url = f"{base.replace('http', 'ws')}/api/kernels/{kernel}/channels"
    return websocket.create_connection(
        f"{url}?token={token}" if token else url,
        timeout=PATIENCE_S,
        host=host or None,
        origin=origin,
        suppress_origin=origin is None,
    )


def ask_the_kernel(socket_: websocket.WebSocket, kind: str = "kernel_info_request") -> set[str]:
    """The kinds of messages that come back within a while, up to a reply."""
    header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "session": "t", "username": "t"}
    content = {"code": "print(1)", "silent": False} if kind == "execute_request" else {}
    message = {
        "header": {**header, "version": "5.3", "date": ""},
        "parent_header": {},
        "metadata": {},
        "content": content,
        "channel": "shell",
        "buffers": [],
    }
    socket_.settimeout(5)
    socket_.send(json.dumps(message))
    seen: set[str] = set()
    try:
        while not any(name.endswith("_reply") for name in seen):
            told = json.loads(socket_.recv())
            if told["parent_header"].get("msg_id") == header["msg_id"]:
                seen.add(told["msg_type"])
    except websocket.WebSocketTimeoutException:
        pass
    return seen


def refused(base: str, kernel: str, **how: str) -> int:
    """The status with which a websocket is refused."""
    with pytest.raises(websocket.WebSocketBadStatusException) as told:
        connect(base, kernel, **how)
    return int(told.value.status_code)


# -- the token -------------------------------------------------------------------------------
@pytest.mark.parametrize("address", ["/", "/zen_garden", "/tilt", "/tiers", "/?token="])
def test_without_the_token_a_calm_page_says_where_it_is_found(
    guest: httpx.Client, address: str
) -> None:
    page = guest.get(address, follow_redirects=True)
    assert page.status_code == 401
    assert "dashboard.token" in page.text
    assert "genesis dashboard" in page.text
    assert "not the one" not in page.text
    assert "kernelId" not in page.text


@pytest.mark.parametrize("given", ["wrong", "%00", "x" * 5000, "%ff%fe", "Zażółć"])
def test_a_wrong_token_is_said_to_be_wrong(guest: httpx.Client, given: str) -> None:
    page = guest.get(f"/tilt?token={given}", follow_redirects=True)
    assert page.status_code in (401, 400)
    assert "kernelId" not in page.text
    if page.status_code == 401:
        assert "not the one" in page.text


def test_the_token_typed_into_the_page_opens_it(guest: httpx.Client, served: Dashboard) -> None:
    door = guest.get("/tiers", follow_redirects=True)
    xsrf = re.search(r'name="_xsrf" value="([^"]+)"', door.text)
    assert xsrf is not None
    form = {"_xsrf": xsrf[1], "next": "/tiers", "token": "wrong"}
    assert guest.post("/login", data=form).status_code == 401
    opened = guest.post("/login", data={**form, "token": served.token})
    assert (opened.status_code, opened.headers["location"]) == (302, "/tiers")
    onward = {**form, "token": served.token, "next": "http://evil.example/"}
    assert guest.post("/login", data=onward).headers["location"] == "/"


@pytest.mark.parametrize(
    ("wanted", "onward"),
    [("////tilt", "/tilt"), ("//tilt/", "/"), ("/tilt", "/tilt"), ("\\\\tilt", "/"), ("/x", "/")],
)
def test_who_is_inside_is_only_sent_to_a_page_of_ours(
    trader: httpx.Client, wanted: str, onward: str
) -> None:
    answer = trader.get("/login", params={"next": wanted})
    assert (answer.status_code, answer.headers["location"]) == (302, onward)


def test_with_the_token_the_page_comes_and_the_address_keeps_no_token(
    guest: httpx.Client, served: Dashboard
) -> None:
    first = guest.get(served.url)
    assert (first.status_code, first.headers["location"]) == (302, "/")
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    page = guest.get("/")
    assert kernel_of(page)
    assert served.token not in page.text


def test_a_script_may_send_the_token_in_a_header(guest: httpx.Client, served: Dashboard) -> None:
    assert kernel_of(guest.get("/", headers={"Authorization": f"token {served.token}"}))


def test_the_page_shows_no_source_and_names_no_other_machine(trader: httpx.Client) -> None:
    page = trader.get("/zen_garden?template=lab&theme=dark&token-is-not-this=1")
    assert "from genesis.panels" not in page.text
    assert "raked" in page.text
    assert not re.findall(r"https?://(?!www\.w3\.org)", page.text)
    policy = page.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert not re.search(r"https?:|\*", policy)


def test_the_token_is_a_file_of_the_owner_alone_and_in_no_process_list(served: Dashboard) -> None:
    assert served.token_file.stat().st_mode & 0o777 == 0o600
    assert served.token_file.read_text().strip() == served.token
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert served.token not in listed.stdout


def test_the_log_keeps_no_token(trader: httpx.Client, served: Dashboard) -> None:
    trader.get(f"/nowhere?token={served.token}")
    trader.post(f"/login?token={served.token}", headers={"Authorization": "token x"})
    log = served.token_file.with_name("logs") / "dashboard.log"
    deadline = time.monotonic() + PATIENCE_S
    while "404 GET /nowhere" not in log.read_text():  # it is written after the answer
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert served.token not in log.read_text()


# -- the gate --------------------------------------------------------------------------------
@pytest.mark.parametrize("host", EVIL_HOSTS)
@pytest.mark.parametrize("address", ["/", "/login", "/voila/static/voila.js", "/nowhere"])
def test_an_evil_host_gets_nothing_whatever_it_holds(
    trader: httpx.Client, served: Dashboard, host: str, address: str
) -> None:
    told = trader.get(f"{address}?token={served.token}", headers={"Host": host})
    assert told.status_code in (400, 403)  # 400: it is no name at all
    assert told.content == b""
    assert "set-cookie" not in told.headers


@pytest.mark.parametrize("host", GOOD_HOSTS)
def test_any_port_of_this_machine_is_welcome(
    guest: httpx.Client, served: Dashboard, host: str
) -> None:
    told = guest.get(f"/?token={served.token}", headers={"Host": host})
    assert told.status_code == 302
    assert guest.get("/", headers={"Host": host}).status_code in (200, 302)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:1", "file://"])
def test_a_foreign_origin_gets_nothing(
    trader: httpx.Client, served: Dashboard, origin: str
) -> None:
    kernel = kernel_of(trader.get("/"))
    headers = {"Origin": origin, "Authorization": f"token {served.token}"}
    for method, address in (("GET", "/"), ("POST", f"/voila/api/shutdown/{kernel}")):
        told = trader.request(method, address, headers=headers)
        assert (told.status_code, told.content) == (403, b"")
    assert refused(served.base, kernel, token=served.token, origin=origin) == 403


def test_a_websocket_needs_the_token_and_a_host_of_ours(
    trader: httpx.Client, served: Dashboard
) -> None:
    kernel = kernel_of(trader.get("/"))
    assert refused(served.base, kernel) == 403
    assert refused(served.base, kernel, token="wrong") == 403
    assert refused(served.base, kernel, token=served.token, host="evil.example") == 403
    opened = connect(served.base, kernel, token=served.token)
    assert "kernel_info_reply" in ask_the_kernel(opened)
    assert ask_the_kernel(opened, "execute_request") == set()
    opened.close()


def test_a_tunnel_on_another_port_works_with_the_token_and_not_without(served: Dashboard) -> None:
    with Forwarder(served.port) as tunnel, client(f"http://localhost:{tunnel.port}") as http:
        base = f"http://localhost:{tunnel.port}"
        assert http.get("/", follow_redirects=True).status_code == 401
        page = http.get(f"/?token={served.token}", follow_redirects=True)
        assert str(page.url) == f"{base}/"
        kernel = kernel_of(page)
        assert refused(base, kernel, origin=base) == 403
        assert refused(base, kernel, token=served.token, origin=served.base) == 403
        opened = connect(base, kernel, token=served.token, origin=base)
        assert "kernel_info_reply" in ask_the_kernel(opened)
        opened.close()


@pytest.mark.parametrize("address", SHUT)
def test_what_voila_offers_besides_is_shut(trader: httpx.Client, address: str) -> None:
    told = trader.get(address)
    assert told.status_code in (403, 404), told.text
    assert "genesis.panels import" not in told.text
    assert "{%" not in told.text


# -- kernels ---------------------------------------------------------------------------------
def test_a_closing_tab_ends_its_kernel_and_nobody_else_can(
    trader: httpx.Client, guest: httpx.Client, served: Dashboard
) -> None:
    kernel = kernel_of(trader.get("/"))
    address = f"/voila/api/shutdown/{kernel}"
    assert guest.post(address).status_code == 403
    assert trader.post(address).status_code == 403  # a cookie alone is what a foreign page has
    form = {"_xsrf": trader.cookies["_xsrf"]}
    assert trader.post(address, data=form, headers={"Origin": served.base}).status_code == 204
    assert trader.get(f"/api/kernels/{kernel}").status_code == 404


def test_a_fault_in_a_cell_is_a_calm_page_and_a_trace_in_the_log(folder: Path) -> None:
    planted = folder / "planted"
    planted.mkdir()
    (planted / "anywidget.py").write_text("raise RuntimeError('planted fault')\n")
    home = folder / "faulty"
    with (
        dashboard(folder, home, PYTHONPATH=f"{planted}:{environment()['PYTHONPATH']}") as served,
        client(served.base) as http,
    ):
        page = http.get(served.url, follow_redirects=True)
        assert page.status_code == 200
        assert "This page could not be made" in page.text
        assert "planted fault" not in page.text
        assert "Traceback" not in page.text
    assert "RuntimeError: planted fault" in (home / "logs" / "dashboard.log").read_text()


def test_no_kernel_runs_a_startup_file_of_the_user(folder: Path) -> None:
    startup, mark = folder / "startup.py", folder / "it-ran"
    startup.write_text(f"open({str(mark)!r}, 'w').close()\n")
    with (
        dashboard(folder, folder / "plain", PYTHONSTARTUP=str(startup)) as served,
        client(served.base) as http,
    ):
        kernel_of(http.get(served.url, follow_redirects=True))
    assert not mark.exists()


def test_a_signal_ends_it_with_every_kernel_and_a_restart_knows_the_cookie(folder: Path) -> None:
    home = folder / "restarted"
    with dashboard(folder, home) as first, client(first.base) as http:
        http.get(first.url)
        kernel_of(http.get("/"))
        server = psutil.Process(first.process.ready["pid"])
        kernels = server.children(recursive=True)
        assert kernels
        assert first.process.end(signal.SIGTERM) == 0
        assert psutil.wait_procs(kernels, timeout=PATIENCE_S)[1] == []
        assert first.process.told() == ""
    arguments = ("dashboard", "--home", str(home), "--port", str(first.port), "--json")
    again = subprocess.Popen(
        command(*arguments), stdout=subprocess.PIPE, text=True, cwd=folder, env=environment()
    )
    try:
        assert again.stdout is not None
        assert json.loads(again.stdout.readline())["url"] == first.url
        assert kernel_of(http_get_with(http.cookies, f"{first.base}/"))
    finally:
        again.send_signal(signal.SIGINT)
        assert again.wait(PATIENCE_S) == 0


def http_get_with(cookies: httpx.Cookies, url: str) -> httpx.Response:
    with httpx.Client(cookies=cookies, trust_env=False, timeout=PATIENCE_S) as http:
        return http.get(url)


# -- the command line ------------------------------------------------------------------------
def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return ran(folder, "dashboard", *arguments, SSH_CONNECTION="192.0.2.9 5000 192.0.2.1 2222")


def test_a_port_in_use_and_an_unknown_page_are_one_line_and_exit_2(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = run(folder, "--home", str(folder / "h"), "--port", port)
    assert told.returncode == 2
    assert f"port {port}" in told.stderr
    assert told.stderr.count("\n") == 1
    told = run(folder, "gardens", "--home", str(folder / "h"))
    assert (told.returncode, told.stderr.count("\n")) == (2, 1)
    assert "zen_garden, tilt, tiers" in told.stderr


def test_a_home_that_is_served_already_is_told_so_and_no_other_home_is(
    served: Dashboard, folder: Path
) -> None:
    """Served twice, on two ports: the end of one is not the end of the other."""
    home, port = served.token_file.parent, str(served.port)
    with dashboard(folder, home) as second:
        told = run(folder, "--home", str(home), "--port", str(second.port), "--json")
        assert json.loads(told.stdout)["pid"] == second.process.ready["pid"]
    told = run(folder, "--home", str(home), "--port", port, "--json")
    assert (told.returncode, told.stderr) == (0, "")
    assert json.loads(told.stdout) == {**served.process.ready, "url": served.page("zen_garden")}
    told = run(folder, "tilt", "--home", str(home), "--port", port, "--json")
    assert json.loads(told.stdout)["url"] == served.page("tilt")
    other = folder / "other"
    other.mkdir()
    (other / "dashboard.json").write_text(json.dumps({"port": served.port, "pid": os.getpid()}))
    told = run(folder, "--home", str(other), "--port", port)
    assert (told.returncode, told.stdout) == (2, "")
    assert f"port {port}" in told.stderr


def test_it_prints_the_address_and_the_ssh_line_and_that_no_engine_runs(folder: Path) -> None:
    arguments = ("dashboard", "--home", str(folder / "told"), "--port", "0")
    running = subprocess.Popen(
        command(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=environment(SSH_CONNECTION="192.0.2.9 5000 192.0.2.1 2222"),
    )
    assert running.stdout is not None
    lines = [running.stdout.readline() for _ in range(5)]
    running.send_signal(signal.SIGINT)
    rest, errors = running.communicate(timeout=PATIENCE_S)
    assert (running.returncode, rest, errors) == (0, "", "")
    text = "".join(lines)
    found = re.search(r"http://127\.0\.0\.1:(\d+)/\?token=\S{40,}", text)
    assert found is not None
    port = found[1]
    assert re.search(rf"ssh -p 2222 -L {port}:127\.0\.0\.1:{port} \S+@192\.0\.2\.1\n", text)
    assert "does not run" in text
