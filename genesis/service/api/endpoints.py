"""Which endpoints there are, by path: from the document that is served."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

_PARAMETER: Final = re.compile(r"\{[^}]+\}")


class Endpoints:
    """Finds the endpoint a path belongs to."""

    def __init__(self, methods: Mapping[str, Iterable[str]]) -> None:
        """`methods` by path template, such as `/commands/{client_ref}`."""
        self._methods = {path: tuple(sorted(names)) for path, names in methods.items()}
        self._patterns = [(_pattern(path), path) for path in methods if _PARAMETER.search(path)]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Endpoints":
        paths = document["paths"]
        return cls({path: [name.upper() for name in told] for path, told in paths.items()})

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
