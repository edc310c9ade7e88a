"""What code makes the decisions: the package, and strategies that come from elsewhere."""

import sys
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

import genesis
from genesis.strategy.base import Strategy

_PACKAGE: Final = "genesis"


def code_sha256(strategies: Sequence[Strategy]) -> str:
    """Hash of every Python file of the package and of the packages of these strategies, by path.

    A strategy's package is all of what its class, or one it is made from, was imported with; what
    such a package imports from others in its turn is not looked at.
    """
    digest = sha256()
    for name, root, file in _files(strategies):
        digest.update(f"{name}:{file.relative_to(root).as_posix()}\n".encode())
        digest.update(sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _files(strategies: Sequence[Strategy]) -> Iterator[tuple[str, Path, Path]]:
    """Name of the package, its folder, and each file in it."""
    root = Path(genesis.__file__).parent
    yield from ((_PACKAGE, root, file) for file in sorted(root.rglob("*.py")))
    for name in sorted(_elsewhere(strategies)):
        source = getattr(sys.modules[name], "__file__", None)
        if source is None:
            continue  # typed in, or a namespace: there is no file of it
        place = Path(source)
        is_package = hasattr(sys.modules[name], "__path__")
        files = sorted(place.parent.rglob("*.py")) if is_package else [place]
        yield from ((name, place.parent, file) for file in files)


def _elsewhere(strategies: Sequence[Strategy]) -> set[str]:
    """Top packages of the strategies' classes that are neither ours nor Python's own."""
    classes = {kind for strategy in strategies for kind in type(strategy).__mro__}
    tops = {kind.__module__.partition(".")[0] for kind in classes}
    return {name for name in tops if name in sys.modules} - {_PACKAGE} - sys.stdlib_module_names
