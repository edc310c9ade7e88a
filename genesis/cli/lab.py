"""`genesis lab`: JupyterLab on 127.0.0.1 with the notebooks that teach Genesis."""

import json
import logging
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from genesis.cli.browser import show
from genesis.cli.homes import home_of

if TYPE_CHECKING:  # heavy: imported when the verb runs
    from genesis.service.home import Home

_FIRST: Final = "notebooks/00_tour.ipynb"
_PORT: Final = 8888


def register(app: typer.Typer) -> None:
    """Add this module's verb."""
    app.command()(lab)


def lab(
    home: Annotated[
        Path | None, typer.Option(help="The home; default: GENESIS_HOME, or `data/`.")
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")
    ] = _PORT,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Open no browser on this machine.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON line when it is ready, and no browser.")
    ] = False,
) -> None:
    """Open JupyterLab with the notebooks, beginning with the tour, until Ctrl-C.

    Outside a checkout the notebooks are copied into the home, and your changes to them stay.
    """
    from genesis.cli.dashboard import ssh_line
    from genesis.service.home import Home

    place = Home.open(home_of(home))
    root = workspace(place)

    from genesis.panels.local import add_path, listen, use_home

    with listen(port, "JupyterLab", "--port") as free:
        port = free.getsockname()[1]
    token = place.key("lab", suffix="token")
    use_home(place)
    add_path("JUPYTER_CONFIG_PATH", _settings())
    server = _server(port, token, root)

    def ready() -> None:
        url = f"http://127.0.0.1:{port}/lab/tree/{_FIRST}?token={token}"
        told: dict[str, Any] = {
            "url": url,
            "token_file": str(place.path / "lab.token"),
            "port": port,
            "pid": os.getpid(),
            "root": str(root),
        }
        lines = [f"home: {place.path}", f"notebooks: {root / 'notebooks'}", f"JupyterLab: {url}"]
        lines.append(f"from another machine: {ssh_line(port)}")
        typer.echo(json.dumps(told) if as_json else "\n".join(lines))
        sys.stdout.flush()
        if not (no_browser or as_json):
            show(url)

    server.io_loop.add_callback(ready)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda _number, _frame: server.stop(from_signal=True))
    server.start()


def workspace(home: "Home") -> Path:
    """The folder that JupyterLab shows: the checkout, or one in the home with copies."""
    from genesis.service.home import find_checkout
    from genesis.service.share import share_folder

    source = share_folder("notebooks")
    checkout = find_checkout(source.parent)
    if checkout == source.parent:
        return checkout
    root = home.path / "lab"
    for file in sorted(source.rglob("*.ipynb")):
        within = file.relative_to(source)
        copy = root / "notebooks" / within
        if not copy.exists() and not within.parts[0].startswith("."):
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
    return root


def _settings() -> str:
    """Where JupyterLab finds ours: it asks nothing of the outside, no news and no updates."""
    import genesis.panels

    return str(Path(genesis.panels.__file__).parent / "lab_config")


def _server(port: int, token: str, root: Path) -> Any:
    """The server, listening. These words are read in this process: no process list shows them."""
    from jupyter_core.paths import jupyter_runtime_dir
    from jupyterlab.labapp import LabApp

    from genesis.panels.local import LONGEST_FOLDER

    logging.captureWarnings(True)  # its parts about one another: no news for a user
    logging.getLogger("py.warnings").addHandler(logging.NullHandler())
    words = [
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={root}",
        "--ServerApp.open_browser=False",
        "--ServerApp.log_level=ERROR",
        "--LabApp.log_level=ERROR",
        f"--LabApp.default_url=/lab/tree/{_FIRST}",
        f"--IdentityProvider.token={token}",
    ]
    if len(jupyter_runtime_dir()) <= LONGEST_FOLDER:
        words.append("--KernelManager.transport=ipc")
    if os.geteuid() == 0:
        words.append("--ServerApp.allow_root=True")
    return LabApp.initialize_server(argv=words)
