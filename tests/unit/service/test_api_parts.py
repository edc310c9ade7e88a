"""Small parts of the control API: pace, places, endpoints, signatures, changes of a page."""

import asyncio
import json
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.time import SECOND
from genesis.errors import ConfigError, UsageError
from genesis.rules import load
from genesis.service.api.endpoints import Endpoints
from genesis.service.api.keys import Keys, Role
from genesis.service.api.pace import Pace
from genesis.service.api.pages import Delta, changes_of, stored, vouched_for
from genesis.service.api.places import Places, is_loopback, url_of
from genesis.service.api.server import bind
from genesis.service.api.signing import signature, signed
from genesis.service.api.under_way import UnderWay
from genesis.service.moments import LATEST, moment_ns
from genesis.store.journal import Draft

VECTOR = "d0cb1c18eae2b7029e419b9b01f62fa21f9bda2c76160f39baab2aeb345b28b9"


@given(st.lists(st.integers(0, SECOND), max_size=80), st.integers(1, 12))
def test_never_more_than_so_many_in_any_second_and_none_refused_for_nothing(
    gaps: list[int], most: int
) -> None:
    now_ns = 0
    pace = Pace(most, lambda: now_ns)
    let: deque[int] = deque()
    for gap in gaps:
        now_ns += gap
        while let and now_ns - let[0] >= SECOND:
            let.popleft()
        wait_ns = pace.wait_ns(("a", "GET /x"))
        assert (wait_ns == 0) == (len(let) < most)
        if wait_ns:
            assert now_ns + wait_ns == let[0] + SECOND  # it would be let through just then
        else:
            let.append(now_ns)


def test_askers_that_have_gone_quiet_are_forgotten() -> None:
    now_ns = 0
    pace = Pace(1, lambda: now_ns)
    for n in range(5_000):
        now_ns += SECOND // 100
        assert pace.wait_ns((str(n), "x")) == 0
    assert len(pace._let) <= 1_100
    assert pace.wait_ns(("4999", "x")) > 0


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("::1", "http://[::1]:8080"),
        ("0.0.0.0", "http://127.0.0.1:8080"),
        ("::", "http://[::1]:8080"),
        ("10.0.0.2", "http://10.0.0.2:8080"),
    ],
)
def test_how_a_client_reaches_what_was_bound(host: str, url: str) -> None:
    assert url_of(host, 8080) == url


def test_an_address_of_another_machine_cannot_be_bound() -> None:
    with pytest.raises(ConfigError, match="GENESIS_CONTROL_HOST"):
        bind(0, "192.0.2.1")
    with bind(0, "127.0.0.1") as bound:
        taken = bound.getsockname()[1]
        with pytest.raises(ConfigError, match="in use"):
            bind(taken)


def test_the_bound_host_and_the_named_networks_may_ask() -> None:
    places = Places.of("10.0.0.2", ["10.0.0.7", "fd00::/8"])
    for peer in ("127.0.0.1", "::1", "10.0.0.2", "10.0.0.7", "::ffff:10.0.0.7", "fd12::1"):
        assert places.is_allowed(peer), peer
    for peer in ("10.0.0.3", "fe80::1", "", None, "localhost.evil"):
        assert not places.is_allowed(peer), peer
    assert places.is_our_name("10.0.0.2:8080")
    assert is_loopback("localhost") and not is_loopback("10.0.0.2") and not is_loopback(None)


def test_a_path_belongs_to_one_endpoint() -> None:
    known = Endpoints({"/a": ["GET", "PUT"], "/a/{b}": ["GET"], "/a.b": ["POST"]})
    assert known.template("/a") == "/a"
    assert known.template("/a/x y") == known.template("/a/%2F") == "/a/{b}"
    for path in ("/a/", "/a/b/c", "/axb", "/A", "", "/a/b/"):
        assert known.template(path) is None, path
    assert known.methods("/a") == ("GET", "PUT")
    assert known.methods("/nowhere") == ()


def test_the_signature_is_the_one_that_is_written_down() -> None:
    """A vector for whoever writes a client: made once with another tool."""
    made = signature(
        "secret", "POST", "/commands?x=1", "1700000000000000000", b'{"text": "status"}'
    )
    assert made == VECTOR
    headers = signed(
        Role.TRADE, "secret", "POST", "/commands?x=1", b'{"text": "status"}', 17 * 10**17
    )
    assert headers == {
        "X-Genesis-Key": "control",
        "X-Genesis-Timestamp": "1700000000000000000",
        "X-Genesis-Signature": VECTOR,
    }


@pytest.mark.parametrize(
    ("told", "at_ns"),
    [
        (5, 5),
        (-1, 0),
        ("5", 5),
        ("9" * 40, LATEST),
        ("9" * 5_000, LATEST),
        ("0" * 5_000 + "7", 7),
        ("1970-01-01T00:00:01.5Z", 1_500_000_000),
        ("1970-01-01t00:00:01z", SECOND),
        ("1970-01-01 02:00:01+02:00", SECOND),
        ("1248-06-03T19:42:41.4-18:55", 0),
        ("9999-12-31T23:59:59Z", LATEST),
    ],
)
def test_a_moment_is_read_and_kept_within_what_can_be_stored(told: str | int, at_ns: int) -> None:
    assert moment_ns(told, "after") == at_ns


@pytest.mark.parametrize("told", ["", "yesterday", "2024-13-01T00:00:00Z", "٣", "1e9"])
def test_what_is_no_moment_names_the_field(told: str) -> None:
    with pytest.raises(UsageError, match="after: "):
        moment_ns(told, "after")


def test_no_key_opens_a_door_without_keys() -> None:
    assert Keys("", "").role_of("") is None
    assert Keys("a", "b").role_of(None) is None
    assert Keys("a", "b").role_of("a") is Role.TRADE
    assert Keys("a", "b").role_of("b") is Role.READ
    assert Keys("same", "same").role_of("same") is Role.TRADE


# -- changes of a page -----------------------------------------------------------------------
told = st.lists(
    st.builds(
        Delta,
        ts_ms=st.integers(0, 50),
        inserted=st.integers(0, 60),
        how=st.sampled_from(["typed", "composition", "dictation", "draft", "paste"]),
    ),
    max_size=12,
)


@given(told, told, st.integers(0, 50))
def test_changes_mean_the_same_however_they_were_kept(
    deltas: list[Delta], held: list[Delta], opened_ms: int
) -> None:
    rows = stored([delta.change() for delta in held])
    objects = json.dumps([delta.model_dump() for delta in held])
    assert changes_of(rows) == changes_of(objects) == [delta.change() for delta in held]
    rules, opened_ns = load("sniper").tilt.journal, opened_ms * 10**6
    found = [vouched_for(Draft("", 0, kept), deltas, opened_ns, rules) for kept in (rows, objects)]
    assert found[0] == found[1]
    assert changes_of(stored(found[0])) == found[0]


# -- what is under way -----------------------------------------------------------------------
def test_one_act_at_a_time_for_a_reference_and_each_kind_once() -> None:
    under_way, done = UnderWay(), []

    async def scene() -> list[str]:
        async def act(name: str) -> str:
            done.append(f"{name} begins")
            await asyncio.sleep(0.01)
            done.append(f"{name} ends")
            return name

        asked = [("command", "a"), ("command", "b"), ("journal", "c"), ("journal", "d")]
        waiting = [
            asyncio.ensure_future(under_way.once("ref", kind, lambda name=name: act(name)))
            for kind, name in asked
        ]
        await asyncio.sleep(0)
        waiting[0].cancel()  # who asked first has left
        await under_way.over("ref")
        done.append("over")
        found = await asyncio.gather(*waiting, return_exceptions=True)
        assert not under_way._acts
        return [str(one) for one in found[1:]]

    assert asyncio.run(scene()) == ["a", "c", "c"]
    assert done == ["a begins", "a ends", "c begins", "c ends", "over"]


def test_an_act_that_breaks_is_over_and_without_a_reference_nothing_is_kept() -> None:
    under_way = UnderWay()

    async def breaks() -> None:
        raise ValueError

    async def scene() -> None:
        for ref in ("ref", None):
            with pytest.raises(ValueError):
                await under_way.once(ref, "command", breaks)
        await under_way.over("ref")

    asyncio.run(scene())
