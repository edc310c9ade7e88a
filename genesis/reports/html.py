"""A notebook as one HTML file that needs nothing else: no network, no server, no Jupyter.

Code is left out; texts, tables and figures stay. plotly.js is inside once, packed, and only where
there is a figure. The page's own security policy forbids every request.
"""

import base64
import gzip
import html
import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

import jinja2

from genesis.reports.days import LastRow

FIGURE: Final = "application/vnd.plotly.v1+json"
LONG_TABLE: Final = 24
"""Rows beyond which a table is folded away."""
_FOLDER: Final = Path(__file__).parent
_STYLE: Final = re.compile(r"<style>.*?</style>", re.DOTALL)
_HEADING: Final = re.compile(r"^#\s+(.+)$", re.MULTILINE)
_DATE: Final = re.compile(r"""^date\s*=\s*["'](\d{4}-\d\d-\d\d)["']""", re.MULTILINE)


def page_of(notebook: Any, last: LastRow | None = None) -> str:
    """The page of a notebook that was run on a day ending, so far, in the row `last`."""
    told = [part for number, cell in enumerate(notebook.cells) for part in _cell(cell, number)]
    parts = _styled_once(told)
    has_figures = any('class="figure"' in part for part in parts)
    return render(
        "page.html.j2",
        title=" · ".join(filter(None, (title_of(notebook), date_of(notebook)))),
        date=date_of(notebook),
        last=last,
        parts=parts,
        plotly=_plotly() if has_figures else "",
        night=_night() if has_figures else "",
        figures_js=_text("figures.js") if has_figures else "",
    )


def title_of(notebook: Any) -> str:
    """The first heading."""
    for cell in notebook.cells:
        found = _HEADING.search(cell.source) if cell.cell_type == "markdown" else None
        if found:
            return found[1].strip()
    return "Report"


def date_of(notebook: Any) -> str:
    """The day that the report is of, where its parameters name one: the last one counts."""
    codes = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return next((days[-1] for code in reversed(codes) if (days := _DATE.findall(code))), "")


def render(template: str, **given: Any) -> str:
    """A page of this folder's templates, in the house style."""
    return _pages().get_template(template).render(style=_text("style.css"), **given)


def _cell(cell: Any, number: int) -> list[str]:
    if cell.cell_type == "markdown":
        return [f'<section class="words">{_markdown(cell.source)}</section>']
    if cell.cell_type != "code":
        return []
    return [
        part
        for place, output in enumerate(cell.get("outputs", ()))
        if (part := _output(output, f"figure-{number}-{place}"))
    ]


def _styled_once(parts: list[str]) -> list[str]:
    """The parts, where a style that several of them bring along stands in the first alone."""
    seen: set[str] = set()

    def once(found: re.Match[str]) -> str:
        is_new = found[0] not in seen
        seen.add(found[0])
        return found[0] if is_new else ""

    return [_STYLE.sub(once, part) for part in parts]


def _output(output: Any, name: str) -> str:
    if output.output_type == "stream":
        return f"<pre>{_escaped(output.text)}</pre>" if output.name == "stdout" else ""
    data = output.get("data", {})
    if FIGURE in data:
        return _figure(data[FIGURE], name)
    if "text/html" in data:
        return f'<div class="shown">{_folded(_joined(data["text/html"]))}</div>'
    if "image/svg+xml" in data:
        return f'<div class="shown">{_joined(data["image/svg+xml"])}</div>'
    if "image/png" in data:
        png = "".join(_joined(data["image/png"]).split())
        return f'<img alt="figure" src="data:image/png;base64,{png}">'
    if "text/markdown" in data:
        return f'<section class="words">{_markdown(_joined(data["text/markdown"]))}</section>'
    return f"<pre>{_escaped(_joined(data['text/plain']))}</pre>" if "text/plain" in data else ""


def _figure(figure: Any, name: str) -> str:
    """A place for the figure and what is drawn there; the text cannot end its script early."""
    told = json.dumps({"data": figure["data"], "layout": figure["layout"]}, sort_keys=True)
    told = told.replace("<", r"\u003c")
    layout = figure["layout"]
    height = int(layout.get("height") or 360)
    title = layout.get("title", "")
    label = (title.get("text") if isinstance(title, dict) else title) or "figure"
    return (
        f'<div class="figure" id="{name}" role="img" aria-label="{_escaped(_plain(str(label)))}" '
        f'style="min-height:{height}px"></div>'
        f'<script type="application/json" data-for="{name}">{told}</script>'
    )


def _folded(shown: str) -> str:
    """A long table behind its own heading; what is folded already stays as it is."""
    rows = shown.count("<tr")
    if rows <= LONG_TABLE or "<details" in shown:
        return shown
    return f"<details><summary>{rows - 1} rows</summary>{shown}</details>"


def _markdown(text: str) -> str:
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    renderer = IPythonRenderer(escape=False, exclude_anchor_links=True)
    return str(MarkdownWithMath(renderer=renderer).render(text))


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def _plain(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def _escaped(text: str | list[str]) -> str:
    return html.escape(_joined(text))


@cache
def _text(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


@cache
def _plotly() -> str:
    """plotly.js, packed by gzip without a stamp, in base64: the browser unpacks it."""
    from plotly.offline import get_plotlyjs

    return base64.b64encode(gzip.compress(get_plotlyjs().encode(), 9, mtime=0)).decode()


@cache
def _night() -> str:
    """The house colours of figures, as `#rrggbb` and as `r, g, b`, with their dark sisters."""
    from genesis.research import style

    pairs = (
        (style.PAPER, "paper"),
        (style.INK, "ink"),
        (style.WORDS, "ash"),
        (style.ASH, "ash"),
        (style.MOSS, "moss"),
        (style.CLAY, "clay"),
        (style.SAND, "sand"),
    )
    found = [(light, style.DARK[name]) for light, name in pairs]
    return json.dumps([*found, *((_rgb(light), _rgb(dark)) for light, dark in found)])


def _rgb(colour: str) -> str:
    return ", ".join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))


@cache
def _pages() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
