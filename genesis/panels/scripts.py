"""The browser's side of the faces: files of `static/`, as a widget carries them.

A widget travels through one WebSocket, often through a tunnel: scripts and styles go packed, and
the browser unpacks them. The files themselves stay as they were written.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final
from zlib import compress

UNPACK: Final = """\
export default {
async render(given) {
const packed = new Blob([given.model.get("pack")]).stream();
const opened = packed.pipeThrough(new DecompressionStream("deflate"));
const [code, style] = (await new Response(opened).text()).split("\\0");
const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
const { default: face } = await import(url);
URL.revokeObjectURL(url);
given.el.append(Object.assign(document.createElement("style"), { textContent: style }));
return face.render(given);
},
};
"""
"""The module of a widget whose trait `pack` holds its scripts and styles."""


def script(*names: str) -> str:
    """The files, one after the other, without indentation and comment lines."""
    folder = files("genesis.panels").joinpath("static")
    return "\n".join(_slim(folder.joinpath(name).read_text(encoding="utf-8")) for name in names)


@cache
def packed(*names: str) -> bytes:
    """The same deflated: scripts, a NUL, styles."""
    scripts, styles = split(names)
    return compress(f"{script(*scripts)}\0{script(*styles)}".encode(), 9)


def split(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Scripts and styles."""
    styles = [name for name in names if name.endswith(".css")]
    return [name for name in names if name not in styles], styles


def _slim(text: str) -> str:
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))
