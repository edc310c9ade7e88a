"""A real `genesis dashboard` over a home, for tests that look at the faces or at their doors."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.support.process import Process


class Dashboard:
    """The dashboards of one home.

    url: with the token, as printed; opening it sets the cookie and shows the first page.
    base: the same without path and token, such as http://127.0.0.1:40001.
    """

    def __init__(self, process: Process) -> None:
        self.process = process
        self.url: str = process.ready["url"]
        self.port: int = process.ready["port"]
        self.token_file = Path(process.ready["token_file"])
        parts = urlsplit(self.url)
        self.base = f"{parts.scheme}://{parts.netloc}"
        self.token = parse_qs(parts.query)["token"][0]

    def page(self, name: str) -> str:
        """The address of zen_garden, tilt or tiers, with the token."""
        return f"{self.base}/{name}?token={self.token}"


@contextmanager
def dashboard(
    folder: Path, home: Path, page: str = "zen_garden", **settings: str
) -> Iterator[Dashboard]:
    """Serve the dashboards of `home` on a free port until the block ends.

    folder: for what the process says on stderr. page: the one at `/`, whose kernel waits warm.
    settings: more variables of its environment.
    """
    arguments = ("dashboard", page, "--home", str(home), "--port", "0", "--json")
    with Process(folder, *arguments, **settings) as process:
        try:
            yield Dashboard(process)
        finally:
            process.end()  # by SIGINT: its kernels end with it
