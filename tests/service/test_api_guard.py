"""Who is let in: keys, places, names, signatures, pace. The real app, asked from chosen peers."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from genesis.domain.time import SECOND
from genesis.service.api.guard import API_VERSION, MOST_BYTES
from genesis.service.api.keys import HEADER, Role
from genesis.service.api.server import ApiServer, bind
from genesis.service.api.signing import KEY_NAME, SIGNATURE, TIMESTAMP, Signatures, signed
from genesis.service.client import Client, Signed
from genesis.service.logs import open_logs
from tests.support.api import ELSEWHERE, KEYS, Room
from tests.support.patience import PATIENCE_S


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    it = Room(tmp_path_factory.mktemp("room"))
    yield it
    it.close()


def every_endpoint(room: Room) -> list[tuple[str, str]]:
    paths = room.document["paths"]
    return [(method.upper(), path) for path, told in paths.items() for method in told]


# -- keys ------------------------------------------------------------------------------------
@pytest.mark.parametrize("key", [None, "", "wrong", KEYS.control[:-1]])
def test_without_a_key_nothing_but_ping_answers(room: Room, key: str | None) -> None:
    others = [each for each in every_endpoint(room) if each != ("GET", "/ping")]
    assert len(others) > 20
    nowhere = [("GET", "/openapi.json"), ("GET", "/nowhere"), ("POST", "/ping"), ("GET", "//ping")]
    answers = room.ask(*others, *nowhere, key=key)
    assert {answer.status_code for answer in answers} == {401}
    assert room.ask(("GET", "/ping"), key=key).json() == {"pong": True}


def test_the_read_key_looks_and_never_acts(room: Room) -> None:
    for method, path in every_endpoint(room):
        if path == "/stream":
            continue
        answer = room.ask((method, path.replace("{client_ref}", "x")), key=KEYS.read)
        if method == "GET" and path not in ("/journal/draft", "/journal/reading"):
            assert answer.status_code in (200, 404), path
        else:
            assert (answer.status_code, answer.json()) == (
                403,
                {"detail": "this key may only read"},
            )


def test_unknown_paths_and_methods_are_told_to_who_has_a_key(room: Room) -> None:
    gone, wrong = room.ask(("GET", "/nowhere"), ("DELETE", "/journal/draft"))
    assert gone.status_code == 404
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, PUT")
    for path in ("/commands/some-ref", "/commands/a%2Fref"):
        assert room.ask(("PUT", path)).headers["allow"] == "GET"


# -- places ----------------------------------------------------------------------------------
@pytest.mark.parametrize("peer", ["10.2.0.1", "192.168.1.7", "8.8.8.8", "::2", "nonsense"])
def test_an_address_that_is_not_allowed_learns_nothing(room: Room, peer: str) -> None:
    for path in ("/ping", "/health", "/nowhere"):
        answer = room.ask(("GET", path), peer=peer)
        assert (answer.status_code, answer.json()) == (403, {"detail": "forbidden"})


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_always_allowed(room: Room, peer: str) -> None:
    assert room.ask(("GET", "/health"), peer=peer).status_code == 200


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("127.0.0.1:8080", 200),
        ("localhost:9000", 200),  # as through `ssh -L 9000:localhost:8080`
        ("LOCALHOST", 200),
        ("[::1]:1", 200),
        ("evil.example", 403),
        ("evil.example:8080", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost:8080@evil.example", 403),
        ("127.0.0.2", 403),
        ("", 403),
    ],
)
def test_a_host_of_another_name_is_refused(room: Room, host: str, code: int) -> None:
    async def body(client: httpx.AsyncClient) -> tuple[int, int]:
        answers = [await client.get(path, headers={"Host": host}) for path in ("/health", "/ping")]
        return answers[0].status_code, answers[1].status_code

    assert room.run(body) == (code, code)


@pytest.mark.parametrize(
    ("origin", "code"),
    [
        ("http://127.0.0.1:8080", 200),
        ("https://127.0.0.1:8080", 200),
        ("http://127.0.0.1:9999", 403),
        ("http://localhost:8080", 403),
        ("http://evil.example", 403),
        ("null", 403),
    ],
)
def test_a_page_of_another_origin_is_refused(room: Room, origin: str, code: int) -> None:
    async def body(client: httpx.AsyncClient) -> int:
        return (await client.get("/health", headers={"Origin": origin})).status_code

    assert room.run(body) == code


# -- signatures ------------------------------------------------------------------------------
def by(room: Room, role: Role = Role.TRADE, secret: str = KEYS.control) -> Signed:
    """Signs as a client elsewhere does, by the room's clock."""
    auth = Signed(secret, role)
    auth._last_ns = room.wall_ns
    return auth


@pytest.fixture
def still(room: Room, monkeypatch: pytest.MonkeyPatch) -> Room:
    monkeypatch.setattr("genesis.service.client.wall_ns", lambda: room.wall_ns)
    return room


def test_from_elsewhere_a_key_in_a_header_does_not_count(room: Room) -> None:
    answer = room.ask(("GET", "/health"), peer=ELSEWHERE)
    assert answer.status_code == 401
    assert "signed" in answer.json()["detail"]
    assert room.ask(("GET", "/ping"), peer=ELSEWHERE).status_code == 200


def test_signed_requests_pass_with_query_and_body(still: Room) -> None:
    asked = still.ask(
        ("GET", "/positions?status=all"),
        ("POST", "/commands", {"text": "status", "client_ref": "é"}),
        ("GET", "/commands/%C3%A9"),
        ("GET", "/ping"),
        key=None,
        peer=ELSEWHERE,
        auth=by(still),
    )
    assert [answer.status_code for answer in asked] == [200, 200, 200, 200]
    told = [request.request for request in asked]
    assert KEYS.control not in json.dumps([dict(request.headers) for request in told])


def test_a_signature_counts_on_this_machine_too_and_never_beside_a_wrong_one(still: Room) -> None:
    assert still.ask(("GET", "/health"), key=None, auth=by(still)).status_code == 200
    wrong = by(still, secret="wrong")
    assert still.ask(("GET", "/health"), key=KEYS.control, auth=wrong).status_code == 401


def test_the_read_key_signs_for_looking_only(still: Room) -> None:
    who: dict[str, Any] = {"key": None, "peer": ELSEWHERE}
    auth = by(still, Role.READ, KEYS.read)
    assert still.ask(("GET", "/health"), auth=auth, **who).status_code == 200
    assert still.ask(("POST", "/commands", {"text": "x"}), auth=auth, **who).status_code == 403
    auth = by(still, Role.TRADE, KEYS.read)
    assert still.ask(("GET", "/health"), auth=auth, **who).status_code == 401


def sent_by_hand(room: Room, headers: dict[str, str], **changed: Any) -> httpx.Response:
    request = {"method": "POST", "url": "/commands?a=1", "content": b'{"text": "status"}'}

    async def body(client: httpx.AsyncClient) -> httpx.Response:
        return await client.request(**{**request, **changed}, headers={**JSON, **headers})

    return room.run(body, key=None, peer=ELSEWHERE)


JSON = {"Content-Type": "application/json"}


def headers_of(room: Room, late_ns: int = 0) -> dict[str, str]:
    now_ns = room.wall_ns + late_ns
    return signed(Role.TRADE, KEYS.control, "POST", "/commands?a=1", b'{"text": "status"}', now_ns)


@pytest.mark.parametrize(
    "changed",
    [
        {"content": b'{"text": "close all"}'},
        {"content": b""},
        {"url": "/commands?a=2"},
        {"url": "/commands"},
        {"url": "/journal?a=1"},
        {"method": "PUT"},
    ],
)
def test_a_request_that_was_changed_on_its_way_is_refused(
    room: Room, changed: dict[str, Any]
) -> None:
    answer = sent_by_hand(room, headers_of(room), **changed)
    assert (answer.status_code, answer.json()["detail"]) == (
        401,
        "the signature does not fit the request",
    )


def test_a_signature_counts_once(tmp_path: Path) -> None:
    room = Room(tmp_path)
    headers = headers_of(room)
    assert sent_by_hand(room, headers).status_code == 200
    room.wall_ns += 29 * SECOND
    again = sent_by_hand(room, headers)
    assert (again.status_code, "before" in again.json()["detail"]) == (401, True)
    room.wall_ns += 2 * SECOND
    assert "30 seconds" in sent_by_hand(room, headers).json()["detail"]
    room.wall_ns -= 10 * SECOND  # the machine's clock steps back: it still does not count again
    assert sent_by_hand(room, headers).status_code == 401
    room.close()


@pytest.mark.parametrize(("late_s", "code"), [(-31, 401), (-29, 200), (2, 200), (3, 401)])
def test_a_signature_counts_for_thirty_seconds_and_hardly_before(
    room: Room, late_s: int, code: int
) -> None:
    assert sent_by_hand(room, headers_of(room, late_s * SECOND)).status_code == code


def test_what_was_signed_before_a_restart_does_not_count_after_it(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.wall_ns -= 59 * SECOND  # it started a second ago
    assert sent_by_hand(room, headers_of(room, -2 * SECOND)).status_code == 401
    assert sent_by_hand(room, headers_of(room)).status_code == 401
    room.wall_ns += 2 * SECOND
    assert sent_by_hand(room, headers_of(room)).status_code == 200
    room.close()


def test_a_clock_that_runs_ahead_signs_nothing_that_a_restart_forgets(tmp_path: Path) -> None:
    room = Room(tmp_path)
    headers = headers_of(room, 2 * SECOND)
    assert sent_by_hand(room, headers).status_code == 200
    given = {name.lower(): text for name, text in headers.items()}
    again = Signatures(KEYS, lambda: room.wall_ns)  # made anew at the same instant
    for _ in range(33):
        told = again.role_of("POST", "/commands?a=1", given, b'{"text": "status"}')
        assert "sign anew" in str(told)
        room.wall_ns += SECOND
    room.close()


@pytest.mark.parametrize(
    "bad",
    [
        {KEY_NAME: "nobody"},
        {KEY_NAME: ""},
        {TIMESTAMP: "now"},
        {TIMESTAMP: "-1"},
        {TIMESTAMP: "1" * 400},
        {SIGNATURE: ""},
        {SIGNATURE: "é" * 64},
        {SIGNATURE: "0" * 64},
    ],
)
def test_signatures_that_are_none(room: Room, bad: dict[str, str]) -> None:
    headers = {name: text.encode() for name, text in {**headers_of(room), **bad}.items()}
    assert sent_by_hand(room, headers).status_code == 401  # type: ignore[arg-type]


def test_a_client_elsewhere_signs_and_keeps_its_key_to_itself() -> None:
    far, near = Client("http://10.1.2.3:8080", "hush"), Client("http://127.0.0.1:8080", "hush")
    assert HEADER not in far._http.headers and isinstance(far._http.auth, Signed)
    assert near._http.headers[HEADER] == "hush" and near._http.auth is None


# -- pace ------------------------------------------------------------------------------------
def test_eleven_requests_in_a_second_give_one_429(tmp_path: Path) -> None:
    room = Room(tmp_path, rate=10)
    answers = room.ask(*[("GET", "/health")] * 11)
    codes = [answer.status_code for answer in answers]
    assert codes == [200] * 10 + [429]
    assert answers[-1].headers["retry-after"] == "1"
    assert "10 requests a second" in answers[-1].json()["detail"]
    others: list[tuple[str, str]] = [("GET", "/locks"), ("GET", "/ping")]
    assert {each.status_code for each in room.ask(*others)} == {200}
    assert room.ask(("GET", "/health"), key=KEYS.read).status_code == 200  # another key
    room.clock.wall_elapsed_ns += SECOND
    assert room.ask(("GET", "/health")).status_code == 200
    room.close()


def test_one_endpoint_is_one_however_its_path_reads(tmp_path: Path) -> None:
    room = Room(tmp_path, rate=10)
    answers = room.ask(*[("GET", f"/commands/{'%2F' * (n % 2)}ref-{n}") for n in range(11)])
    assert [answer.status_code for answer in answers] == [404] * 10 + [429]
    answers = room.ask(*[("GET", f"/nowhere/{n}") for n in range(11)])
    assert [answer.status_code for answer in answers] == [404] * 10 + [429]
    answers = room.ask(*[("GET", "/health")] * 11, key="guess")
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    room.close()


# -- every answer ----------------------------------------------------------------------------
def test_every_answer_names_its_request_and_the_version(room: Room) -> None:
    async def body(client: httpx.AsyncClient) -> list[httpx.Response]:
        ids = ["mine-1.2:3", "no spaces", "x" * 101, "é".encode()]
        asked = [await client.get("/health", headers={"X-Request-ID": each}) for each in ids]
        refused = await client.get("/health", headers={"X-Request-ID": "r", HEADER: "wrong"})
        return [*asked, refused, await client.get("/nowhere"), await client.post("/health")]

    answers = room.run(body)
    told = [answer.headers["x-request-id"] for answer in answers]
    assert (told[0], told[4]) == ("mine-1.2:3", "r")
    assert all(len(made) == 16 for made in (*told[1:4], *told[5:]))
    assert len(set(told)) == len(told)
    assert {answer.headers["x-api-version"] for answer in answers} == {API_VERSION}


def test_log_lines_carry_the_request(room: Room, tmp_path: Path) -> None:
    close = open_logs(tmp_path / "log.jsonl", [KEYS.control], dict)
    try:

        async def body(client: httpx.AsyncClient) -> None:
            asked = {"X-Request-ID": "asked-1"}
            await client.post("/commands", json={"text": "status"}, headers=asked)
            await client.get("/health", headers={"X-Request-ID": "bad-1", "Host": "evil.example"})

        room.run(body)
    finally:
        close()
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    told = {line["correlation_id"]: line for line in lines}
    assert told["asked-1"]["context"]["path"] == "/commands"
    assert (told["bad-1"]["event"], told["bad-1"]["context"]["status"]) == ("refused", 403)


def test_a_fault_is_told_without_its_trace(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_self: object) -> None:
        raise RuntimeError("the inner workings")

    monkeypatch.setattr(type(room.parts.operations), "answer", broken)
    answer = room.ask(("GET", "/commands/x"))
    assert answer.status_code == 500
    assert "inner workings" not in answer.text
    assert answer.headers["x-api-version"] == API_VERSION


def test_a_body_that_is_too_large_is_not_read_to_its_end(room: Room) -> None:
    read = 0

    async def chunks() -> Any:
        nonlocal read
        for _ in range(100):
            read += 1_000_000
            yield b" " * 1_000_000

    async def body(client: httpx.AsyncClient) -> list[int]:
        whole = await client.post("/commands", content=b" " * (MOST_BYTES + 1))
        pieces = await client.post("/commands", content=chunks())
        fits = await client.post("/commands", content=b" " * 1_000)
        return [whole.status_code, pieces.status_code, fits.status_code]

    assert room.run(body) == [413, 413, 422]
    assert read <= MOST_BYTES + 2_000_000


@pytest.mark.parametrize(
    ("head", "body"),
    [("Transfer-Encoding: chunked", "0\r\n\r\n"), ("Content-Length: 0", ""), ("X-Plain: 1", "")],
)
def test_an_empty_body_is_answered_however_it_is_sent(room: Room, head: str, body: str) -> None:
    """Over a real socket: there the next message after the body is that the client has left."""

    async def scene() -> bytes:
        server = ApiServer(room.door, bind(0))
        running = asyncio.create_task(server.run())
        await server.started()
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.split(":")[-1]))
        key = f"{HEADER}: {KEYS.control}"
        lines = ("POST /commands HTTP/1.1", "Host: 127.0.0.1", key, head, "", body)
        writer.write("\r\n".join(lines).encode())
        try:
            return await asyncio.wait_for(reader.readline(), PATIENCE_S)
        finally:
            writer.close()
            server.stop()
            await running

    assert b" 422 " in asyncio.run(scene())


def test_a_request_that_breaks_off_is_no_request(room: Room) -> None:
    """Half a body is malformed, and malformed overrides count; this one must not."""
    name, key = HEADER.lower().encode(), KEYS.control.encode()
    headers = [(b"host", b"127.0.0.1"), (name, key), (b"content-length", b"2000")]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/tilt/override",
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 40_000),
    }
    told = [
        {"type": "http.request", "body": b'{"journal_entry": "half', "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return told.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    before = room.ask(("GET", "/tilt/status")).json()["override"]
    asyncio.run(room.door(scope, receive, send))
    assert (told, sent) == ([], [])
    assert room.ask(("GET", "/tilt/status")).json()["override"] == before
