"""A running service as the command line sees it: it answers as told, and keeps what it was asked.

run = runner(tier, "tier", monkeypatch, capsys)
code, out, err = run(Service("/tier/path", path), "status")
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from genesis.cli.main import main

Ran = tuple[int, str, str]
"""Exit code, what was said, and what was said of errors."""


class Service:
    """looked: what is told of `path`, the only one that is looked at. answer: to every post."""

    def __init__(
        self, path: str, looked: dict[str, Any], answer: dict[str, Any] | None = None
    ) -> None:
        self._path = path
        self._looked = looked
        self.answer = looked if answer is None else answer
        self.asked: list[tuple[str, Any]] = []

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def get(self, path: str) -> dict[str, Any]:
        assert path == self._path
        return self._looked

    def post(self, path: str, body: Any) -> dict[str, Any]:
        self.asked.append((path, body))
        return self.answer


def runner(
    module: ModuleType,
    verb: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Ran]:
    """Runs `genesis VERB ...` of this module against a service that is given first."""

    def ran(service: Service, *arguments: str) -> Ran:
        monkeypatch.setattr(module, "_client", lambda home: service)
        code = main([verb, *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return ran
