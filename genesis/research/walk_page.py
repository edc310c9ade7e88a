"""A walk forward as one HTML file: words, windows, figure. It needs no network and no server."""

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from genesis.research.style import INK, PAPER, SERIF, WORDS, note
from genesis.research.tables import MOST_ROWS
from genesis.research.walk_figure import walk_figure
from genesis.research.walk_words import face, lines, steps_table
from genesis.store.ticks.durable import naming_disk_faults, whole_file

if TYPE_CHECKING:
    from genesis.research.walked import Walked

_ALLOWED: Final = (
    "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline' 'unsafe-eval'"
)
"""No request leaves the page."""
_CSS: Final = f"""
body {{ background: {PAPER}; color: {INK}; font-family: {SERIF}; margin: 0; line-height: 1.5; }}
main {{ max-width: 1060px; margin: 0 auto; padding: 2.2rem 1.4rem 3rem; }}
h1 {{ font-weight: 400; font-size: 28px; margin: 0 0 .6rem; }}
h2 {{ font-weight: 400; font-size: 19px; margin: 2rem 0 .3rem; }}
footer {{ color: {WORDS}; font-size: 13px; margin-top: 2rem; }}
@media print {{ main {{ max-width: none; padding: 0; }} }}
"""


def save(found: "Walked", path: Path) -> Path:
    """Write the page; whole or not at all. Raises DataError: it cannot be written."""
    body = page(found).encode()
    with naming_disk_faults(path), whole_file(path) as file:
        file.write(body)
    return path


def page(found: "Walked") -> str:
    """The page: the same bytes for the same walk."""
    title = f"{found.strategy} on {found.market.instrument.symbol}: walk-forward"
    figure = walk_figure(found)
    figure.update_layout(paper_bgcolor=PAPER)
    drawn = figure.to_html(
        full_html=False, include_plotlyjs=True, div_id="walk", config={"displaylogo": False}
    )
    told = dict(lines(found))
    words = "\n".join(f"{name}: {told[name]}" for name in ("chosen", "efficiency"))
    parts = (
        f"<h1>{escape(title)}</h1>",
        face(found).html,
        "<h2>Judged, promised, chosen</h2>",
        drawn,
        note(words).html,
        f"<h2>Every window</h2>{steps_table(found, len(found)).html}"
        if len(found) > MOST_ROWS
        else "",
        f"<footer>Genesis. Looks of this walk in the trial ledger: {found.name}.</footer>",
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_ALLOWED}">'
        f'<title>{escape(title)}</title><link rel="icon" href="data:,"><style>{_CSS}</style></head>'
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )
