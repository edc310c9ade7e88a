"""The dashboards' server: Voila on 127.0.0.1 behind a gate and a token, with nothing else in it.

One browser tab is one kernel, which only shows: the state lives in the engine, and the engine's
key never reaches the browser. What Voila offers besides (a tree of folders, files, other
templates, a socket without a token) has no route here.
"""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from jupyter_server.base.handlers import FileFindHandler
from jupyter_server.services.kernels.handlers import KernelHandler
from jupyterlab_server.themes_handler import ThemesHandler
from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler
from traitlets.config import Config
from voila.app import Voila
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.static_file_handler import MultiStaticFileHandler, TemplateStaticFileHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from genesis.panels.doors import PAGES, Door, Nowhere, OneToken, Page
from genesis.panels.gate import Gate
from genesis.panels.local import HOST, LONGEST_FOLDER, add_path, use_home
from genesis.panels.log_file import log_to
from genesis.panels.pool import IDLE_S, LOOK_EVERY_S, Kernels
from genesis.panels.proof import WHOSE, Whose, pid_behind
from genesis.service.home import Home
from genesis.service.share import share_folder

_EXTENSIONS: Final = (
    "@jupyter-widgets/jupyterlab-manager",
    "@voila-dashboards/widgets-manager8",
    "anywidget",
)
_KERNEL: Final = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"
_HEADERS: Final = {
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Server": "Genesis",
}
_LARGEST_BODY: Final = 1_000_000
_END_S: Final = 20.0

Ready = Callable[[dict[str, Any]], None]


async def serve(home: Home, bound: socket.socket, first: str, ready: Ready) -> None:
    """Serve the dashboards of a home on a bound socket until SIGINT, SIGTERM or SIGHUP.

    first: the page at `/`, for which a warm kernel waits from the start.
    ready: told url (with the token), token_file, port and pid.
    """
    token = home.key("dashboard", suffix="token")
    port = bound.getsockname()[1]
    with TemporaryDirectory(prefix="genesis-dashboard-") as folder, log_to(home, token) as log:
        use_home(home)
        add_path("JUPYTER_PATH", str(Path(__file__).parent))  # where the template is found
        os.environ["IPYTHONDIR"] = f"{folder}/ipython"  # no start-up files of the user's own
        os.environ.pop("PYTHONSTARTUP", None)  # nor this one
        server = Dashboards(config=_config(first, folder), config_file_paths=[], log=log)
        server.prepare(first, token, port, folder)
        with _told_to_end() as told:
            try:
                server.start_on(bound)
                ready(_facts(home, port, os.getpid()))
                await told.wait()
            finally:
                await server.end()


def already_served(home: Home, port: int, page: str = "") -> dict[str, Any] | None:
    """What `serve` told when it became ready, if a dashboard of this home holds the port.

    page: the one its address is to open, which may not be the first of that dashboard.
    """
    pid = pid_behind(port, home.key("dashboard", suffix="token"))
    return None if pid is None else _facts(home, port, pid, page)


def _facts(home: Home, port: int, pid: int, page: str = "") -> dict[str, Any]:
    token = home.key("dashboard", suffix="token")
    return {
        "url": f"http://{HOST}:{port}/{page}?token={token}",
        "token_file": str(home.path / "dashboard.token"),
        "port": port,
        "pid": pid,
    }


class Dashboards(Voila):  # type: ignore[misc]  # voila has no types
    """Voila with our routes, our token and our socket."""

    def prepare(self, first: str, token: str, port: int, folder: str) -> None:
        """Everything that needs no socket.

        folder: for the connection files of the kernels.
        """
        self.first, self.token, self.port, self.connection_dir = first, token, port, folder
        self.root_dir = str(share_folder("dashboards"))
        self.cookie_secret = sha256(f"cookies of the dashboard {token}".encode()).digest()
        self.initialize([])

    def start_on(self, bound: socket.socket) -> None:
        """Begin to serve, in the running loop."""
        self.app = Application(
            default_handler_class=Nowhere,
            log_function=self._log_request,
            headers=_HEADERS,
            **self.init_settings(),
        )
        self.app.add_handlers(r".*$", self.init_handlers())
        self.http = HTTPServer(Gate(self.app), max_body_size=_LARGEST_BODY)
        self.http.add_sockets([bound])

    def init_handlers(self) -> list[Any]:
        """Every route there is."""
        pages = [(f"/{name}", Page, self._page(name)) for name in PAGES]
        labextensions = {"path": self.labextensions_path, "no_cache_paths": ["/"]}
        return [
            ("/", Page, self._page(self.first)),
            *pages,
            ("/login", Door),
            (WHOSE, Whose, {"token": self.token, "port": self.port}),
            (rf"/api/kernels/{_KERNEL}", KernelHandler),
            (rf"/api/kernels/{_KERNEL}/channels", VoilaKernelWebsocketHandler),
            (r"/voila/api/shutdown/(.*)", VoilaShutdownKernelHandler),
            (r"/voila/api/themes/(.*)", ThemesHandler, self._themes()),
            (r"/voila/templates/(\w+/static/(?!.*\.\.).*)", TemplateStaticFileHandler),
            (r"/voila/static/(.*)", MultiStaticFileHandler, {"paths": self.static_paths}),
            (r"/voila/labextensions/(.*)", FileFindHandler, labextensions),
        ]

    async def end(self) -> None:
        """Take no more requests and end every kernel."""
        self.http.stop()
        await self.http.close_all_connections()
        async with asyncio.timeout(_END_S):
            await self.kernel_manager.end()

    def _page(self, name: str) -> dict[str, Any]:
        return {
            "notebook_path": f"{name}.ipynb",
            "template_paths": self.template_paths,
            "config": self.config,
            "voila_configuration": self.voila_configuration,
        }

    def _themes(self) -> dict[str, Any]:
        return {
            "themes_url": "/voila/api/themes",
            "path": self.themes_dir,
            "labextensions_path": self.labextensions_path,
            "no_cache_paths": ["/"],
        }

    def _log_request(self, handler: RequestHandler) -> None:
        """Paths only: an address may hold a token."""
        status, request = handler.get_status(), handler.request
        level = logging.DEBUG if status < 400 else logging.WARNING
        self.log.log(level, "%s %s %s", status, request.method, request.path)


def _config(first: str, folder: str) -> Config:
    local = len(folder) <= LONGEST_FOLDER
    return Config(
        {
            "Voila": {"identity_provider_class": OneToken, "open_browser": False, "ip": HOST},
            "VoilaConfiguration": {
                "template": "zen",
                "allow_template_override": "NO",
                "allow_theme_override": "NO",
                "strip_sources": True,
                "show_tracebacks": False,
                "extension_allowlist": list(_EXTENSIONS),
                "preheat_kernel": True,
                "default_pool_size": 1,
                "multi_kernel_manager_class": Kernels,
            },
            "VoilaKernelManager": {
                "preheat_denylist": [f"{name}.ipynb" for name in PAGES if name != first]
            },
            "MappingKernelManager": {
                "cull_idle_timeout": IDLE_S,
                "cull_interval": LOOK_EVERY_S,
                "cull_connected": True,  # a tunnel that broke may look connected for long
            },
            "KernelManager": {"transport": "ipc" if local else "tcp"},
            "NotebookNotary": {"db_file": ":memory:", "secret": b"only our own notebooks"},
            "OneToken": {"cookie_options": {"samesite": "Lax"}},
        }
    )


@contextmanager
def _told_to_end() -> Iterator[asyncio.Event]:
    """Set at the first signal to end. A SIGHUP that was ignored stays ignored (nohup)."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, told.set)
    try:
        yield told
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
