"""What answers behind the gate: the three pages, the door that asks for the token, calm faults."""

from collections.abc import Mapping
from hmac import compare_digest
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.auth.identity import IdentityProvider, User
from jupyter_server.base.handlers import JupyterHandler
from tornado import web
from voila.tornado.handler import TornadoVoilaHandler

from genesis.panels.pool import make_ready

PAGES: Final = ("zen_garden", "tilt", "tiers")
_TRADER: Final = User("trader")
_POLICY: Final = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' ws://{host}; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_WHERE: Final = (
    "`genesis dashboard` prints an address that holds the token: open that one. "
    "The token itself lies in the file `dashboard.token` of the home."
)
_FAULTS: Final[Mapping[int, tuple[str, str]]] = {
    404: ("Nothing grows here", "The pages are `/zen_garden`, `/tilt` and `/tiers`."),
    403: ("Not from here", "Open the page itself, by the address `genesis dashboard` printed."),
}
_FAULT: Final = (
    "This page could not be made",
    "The engine is not affected by it. Reload the page; if it fails again, what went wrong is in "
    "`logs/dashboard.log` of the home.",
)


class OneToken(IdentityProvider):
    """One trader, one token: in the address, in a header, or remembered in a cookie."""

    async def get_user_token(self, handler: web.RequestHandler) -> User | None:
        given = self.get_token(handler)
        same = given and compare_digest(given.encode(), self.token.encode())
        return _TRADER if same else None

    def user_from_cookie(self, cookie_value: str) -> User | None:
        return _TRADER if cookie_value == _TRADER.username else None

    def user_to_cookie(self, user: User) -> str:
        return str(user.username)


class _Calm(JupyterHandler):
    """Says what is wrong in a page of ours."""

    @property
    def content_security_policy(self) -> str:
        return _POLICY.format(host=self.request.host)

    def note(self, title: str, *lines: str, **more: object) -> None:
        page = self.settings["voila_jinja2_env"].get_template("note.html")
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.write(page.render(title=title, lines=lines, **more))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        title, line = _FAULTS.get(status_code, _FAULT)
        self.note(title, line)
        self.finish()


class Page(_Calm, TornadoVoilaHandler):  # type: ignore[misc]  # voila has no types
    """One of the dashboards. Every load takes a kernel of its own."""

    @web.authenticated
    async def get(self, path: str | None = None) -> None:
        if "token" in self.request.query_arguments:  # it is in the cookie now: out of the address
            self.redirect(self.request.path)
            return
        _ = self.xsrf_token  # sets the cookie without which a closing tab cannot end its kernel
        kernels: Any = self.kernel_manager
        await make_ready(kernels, self.notebook_path)
        await TornadoVoilaHandler.get(self)
        kernels.keep_one_ready(self.notebook_path)


class Door(_Calm):
    """Asks for the token."""

    @allow_unauthenticated
    def get(self) -> None:
        asked_for = urlsplit(self.get_query_argument("next", ""))
        self._answer(given="token" in parse_qs(asked_for.query))

    @allow_unauthenticated
    def post(self) -> None:
        self._answer(given=True)

    def _answer(self, *, given: bool) -> None:
        wanted = urlsplit(self.get_argument("next", "/")).path.strip("/")
        onward = f"/{wanted}" if wanted in PAGES else "/"  # never a host: `//tilt` would be one
        if self.current_user:
            self.redirect(onward)
            return
        self.set_status(401)
        first = "The token given is not the one of this dashboard." if given else ""
        lines = [line for line in (first, _WHERE) if line]
        xsrf = self.xsrf_form_html()
        self.note("A gate stands before the garden", *lines, asks=True, next=onward, xsrf=xsrf)


class Nowhere(_Calm):
    """Everything else."""

    async def prepare(self, **_options: object) -> None:
        raise web.HTTPError(404)
