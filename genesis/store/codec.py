"""Records to stored text and back: `decode(*encode(record)) == record`, exactly.

The stored form is the class name, a whole version and the canonical JSON text. A class may gain
fields with defaults without a new version; any other change of shape adds an upgrader here, and
old logs stay readable for ever. Decoding gives plain records: nothing read from disk is ever
vouched for by the gate.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, get_args

from genesis.domain.canonical import canonical
from genesis.domain.commands import Command
from genesis.domain.events import Event
from genesis.domain.outcomes import Outcome
from genesis.errors import EventLogError
from genesis.store.shapes import Reader, record_reader

Record = Event | Outcome | Command
Body = dict[str, Any]
Upgrader = Callable[[Body], Body]
"""The body of one version to the body of the next."""

UPGRADERS: Mapping[tuple[str, int], Upgrader] = MappingProxyType({})
"""(kind, version it upgrades from) -> upgrader. The newest version is one above the last key."""

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class Encoded(NamedTuple):
    """What is stored of a record: class name, version, canonical JSON text."""

    kind: str
    v: int
    body: str


class Codec:
    """Encoder and decoder over a fixed set of record classes."""

    def __init__(
        self, kinds: Iterable[type], upgraders: Mapping[tuple[str, int], Upgrader] = UPGRADERS
    ) -> None:
        self._upgraders = upgraders
        self._readers: dict[str, Reader] = {kind.__name__: record_reader(kind) for kind in kinds}
        self._versions = {
            name: 1 + sum(kind == name for kind, _ in upgraders) for name in self._readers
        }

    @property
    def versions(self) -> Mapping[str, int]:
        """The version written for every kind."""
        return self._versions

    def encode(self, record: Record) -> Encoded:
        """The stored form of a record.

        Raises:
            EventLogError: the class is not part of the format, or a value has no exact text.
        """
        kind = type(record).__name__
        version = self._versions.get(kind)
        if version is None:
            raise EventLogError(f"a {kind} is no event, outcome or command: it cannot be logged")
        try:
            body = canonical(record)
        except TypeError as problem:
            raise EventLogError(f"{kind} cannot be logged: {problem}") from problem
        encoded = Encoded(kind, version, _storable(body))
        if "NaN" in body and self.decode(*encoded) != record:
            raise EventLogError(f"{kind} cannot be logged: an amount in it is not a number")
        return encoded

    def decode(self, kind: str, v: int, body: str) -> Any:
        """The record a stored form stands for.

        Raises:
            EventLogError: unknown kind or version, or a body that is not one of that kind.
        """
        reader = self._readers.get(kind)
        if reader is None:
            raise EventLogError(f"unknown record kind {kind!r}: written by another Genesis version")
        newest = self._versions[kind]
        if not 1 <= v <= newest:
            raise EventLogError(
                f"unknown version {v} of {kind} (this Genesis knows 1 to {newest}): upgrade genesis"
            )
        try:
            raw = json.loads(body)
            for version in range(v, newest):
                raw = self._upgraders[kind, version](raw)
            return reader(raw)
        except (ValueError, TypeError, KeyError) as problem:
            raise EventLogError(f"the stored {kind} cannot be read: {problem}") from problem


def _storable(body: str) -> str:
    """The same JSON with lone surrogates (legal in text, not in UTF-8) written as escapes."""
    if body.isascii():
        return body
    return _LONE_SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", body)


CODEC = Codec((*get_args(Event), *get_args(Outcome), *get_args(Command)))
encode = CODEC.encode
decode = CODEC.decode
