"""Which endpoints there are, by path: those of the document that is served."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from fastapi import APIRouter
from fastapi.routing import APIRoute

_PARAMETER: Final = re.compile(r"\{[^}]+\}")


class Endpoints:
    """Finds the endpoint a path belongs to."""

    def __init__(self, methods: Mapping[str, Iterable[str]]) -> None:
        """`methods` by path template, such as `/commands/{client_ref}`."""
        self._methods = {path: tuple(sorted(names)) for path, names in methods.items()}
        self._patterns = [(_pattern(path), path) for path in methods if _PARAMETER.search(path)]

    @classmethod
    def of(cls, routers: Iterable[APIRouter]) -> "Endpoints":
        """Without the document itself: making it takes longer than a start should wait."""
        methods: dict[str, set[str]] = {}
        for route in (route for router in routers for route in router.routes):
            assert isinstance(route, APIRoute)
            methods.setdefault(route.path_format, set()).update(route.methods or ())
        return cls(methods)

    def template(self, path: str) -> str | None:
        """The path as the document names it; None where there is no such endpoint."""
        if path in self._methods:
            return path
        return next((known for fits, known in self._patterns if fits.fullmatch(path)), None)

    def asked(self, scope: Mapping[str, Any]) -> str | None:
        """The endpoint a request is for. A parameter may hold a slash, if it was sent as `%2F`."""
        sent: bytes = scope.get("raw_path") or b""
        return self.template(scope["path"]) or self.template(sent.decode("latin-1"))

    def methods(self, path: str) -> tuple[str, ...]:
        return self._methods.get(self.template(path) or "", ())


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile("[^/]+".join(map(re.escape, _PARAMETER.split(template))))
