"""The control API from outside: how the command line and scripts reach the running service."""

import os
from collections.abc import Generator, Mapping
from types import TracebackType
from typing import Any, Final, Self

import httpx

from genesis.errors import ConfigError, Unreachable, UsageError
from genesis.service.api.keys import HEADER, Role
from genesis.service.api.places import is_loopback
from genesis.service.api.signing import signed
from genesis.service.clock import wall_ns
from genesis.service.home import Home, read_key
from genesis.service.moments import refused
from genesis.service.settings import Settings

_TIMEOUT_S: Final = 30.0


class Signed(httpx.Auth):
    """Signs requests with a key; the key itself stays here."""

    requires_request_body = True

    def __init__(self, key: str, role: Role = Role.TRADE) -> None:
        self._key = key
        self._role = role
        self._last_ns = 0

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        self._last_ns = max(wall_ns(), self._last_ns + 1)  # one signature counts once
        target = request.url.raw_path.decode("ascii")
        request.headers.update(
            signed(self._role, self._key, request.method, target, request.content, self._last_ns)
        )
        yield request


class Client:
    """Asks the service of one home. Use as a context manager.

    From another machine (any url that is not loopback) requests are signed with the key; on this
    one the key is sent.
    """

    def __init__(self, url: str, key: str, role: Role = Role.TRADE) -> None:
        self.url = url
        is_here = is_loopback(httpx.URL(url).host)
        self._http = httpx.Client(
            base_url=url,
            headers={HEADER: key} if is_here else {},
            auth=None if is_here else Signed(key, role),
            timeout=_TIMEOUT_S,
            trust_env=False,
        )

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The client for the running service of the home.

        Raises:
            Unreachable: no service runs there.
        """
        home = Home(settings.home_path())
        facts = home.announced()
        if facts is None or not _alive(facts.get("pid")):
            raise Unreachable(
                f"no service runs on {home.path}: start one with `genesis run --mode paper`"
            )
        given = settings.control_key
        key = given.get_secret_value() if given else read_key(home.path / "control.key")
        return cls(str(facts["url"]), key)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def get(self, path: str, **params: str) -> Any:
        return self._told(self._send("GET", path, params=params))

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._told(self._send("POST", path, json=body))

    def _send(self, method: str, path: str, **what: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **what)
        except httpx.ConnectError as problem:
            raise Unreachable(f"no service answers at {self.url}: is it running?") from problem
        except httpx.HTTPError as problem:
            raise Unreachable(
                f"the service at {self.url} did not answer ({type(problem).__name__}); "
                "what was asked may have been done: look with `genesis status`"
            ) from problem

    def _told(self, answer: httpx.Response) -> Any:
        """The body. A refusal of the gate (409) and ill health (503) are answers, too."""
        if answer.status_code == 403 and not _is_key_matter(answer):
            raise ConfigError(
                f"the service at {self.url} does not answer this machine: name its address in "
                "GENESIS_CONTROL_ALLOW there"
            )
        if answer.status_code == 403:
            raise ConfigError(
                f"the service at {self.url} lets this key only look: set GENESIS_CONTROL_KEY to "
                "the control key, or unset it to use the one of the home"
            )
        if answer.status_code == 401:
            raise ConfigError(
                f"the service at {self.url} refuses this control key: correct GENESIS_CONTROL_KEY "
                "or unset it to use the one of the home"
            )
        body = answer.json()
        if answer.is_success or answer.status_code in (409, 503):
            return body
        why = body.get("detail") or body.get("reason") or body
        raise UsageError(refused({"reason": why, "when": body.get("when")}))


def _is_key_matter(answer: httpx.Response) -> bool:
    return "key" in str(answer.json().get("detail"))


def _alive(pid: object) -> bool:
    """Does the process that wrote the service file still exist?"""
    if not isinstance(pid, int):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
