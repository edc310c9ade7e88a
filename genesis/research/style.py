"""The house style of figures and tables: paper and ink, a serif, a quiet grid. Colours live here.

Figures have clear backgrounds and stand on light paper; a dark page of a report lays light words
over them by itself. Tables take their colours from the page where it names them.
"""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go
import plotly.io as pio

PAPER: Final = "#f4efe5"
INK: Final = "#3b3a36"
ASH: Final = "#8b8475"
MOSS: Final = "#6f8a6b"
CLAY: Final = "#b0785c"
SAND: Final = "#e9e1cf"
OCHRE: Final = "#b89b5e"
INDIGO: Final = "#5f6f82"
WORDS: Final = "#6b6558"
"""Small words on paper: ash, dark enough to be read (4.5:1)."""
GRID: Final = "rgba(139, 132, 117, 0.20)"
CLEAR: Final = "rgba(0, 0, 0, 0)"
SERIF: Final = '"Iowan Old Style", "Palatino Linotype", Palatino, "Noto Serif", Georgia, serif'

LEVELS: Final[Mapping[str, str]] = {
    "NORMAL": MOSS,
    "CAUTION": OCHRE,
    "WARNING": "#c08a4e",
    "LOCKED": CLAY,
}
"""Colours of the tilt levels."""

DARK: Final[Mapping[str, str]] = {
    "paper": "#1f211f",
    "ink": "#e6e0d2",
    "ash": "#9a9484",
    "moss": "#8fae88",
    "clay": "#cf9273",
    "sand": "#2a2c28",
}

TEMPLATE: Final = "genesis"


def faint(colour: str, share: float) -> str:
    """The colour of a wash: `#rrggbb` with some of it left."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {share})"


def on_paper(colour: str, share: float) -> str:
    """The same wash as it dries on paper: opaque."""
    pairs = ((int(colour[i : i + 2], 16), int(PAPER[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(c * share + p * (1 - share)):02x}" for c, p in pairs)


def _axis() -> dict[str, Any]:
    return {
        "gridcolor": GRID,
        "gridwidth": 1,
        "zeroline": False,
        "linecolor": faint(ASH, 0.5),
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": faint(ASH, 0.5),
        "tickfont": {"size": 12, "color": WORDS},
        "title": {"font": {"size": 12, "color": WORDS}, "standoff": 8},
        "automargin": True,
    }


def _template() -> go.layout.Template:
    title = {"x": 0, "xanchor": "left", "xref": "container", "font": {"size": 17, "color": INK}}
    layout = go.Layout(
        font={"family": SERIF, "size": 13, "color": INK},
        paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR,
        colorway=[INDIGO, MOSS, CLAY, OCHRE, ASH, INK],
        title=title,
        margin={"l": 56, "r": 16, "t": 48, "b": 40},
        xaxis=_axis(),
        yaxis=_axis(),
        hovermode="x unified",
        hoverlabel={
            "bgcolor": "#fbf8f1", "bordercolor": SAND, "font": {"family": SERIF, "color": INK},
        },
        legend={
            "orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom",
            "font": {"size": 12, "color": WORDS},
        },
        colorscale={"diverging": [[0, CLAY], [0.5, SAND], [1, MOSS]]},
    )  # fmt: skip
    return go.layout.Template(layout=layout)


pio.templates[TEMPLATE] = _template()


def report_figures() -> None:
    """Figures of this process are kept as data: small, and the same bytes for the same day.

    With its first figure plotly loads Jupyter's checks of web addresses, which compile a grammar:
    more than a second for what no report asks. Without the module they are left out.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    pio.renderers.default = "plotly_mimetype"


# -- words and tables ------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Shown:
    """Something for people: HTML for a page, plain text for a terminal."""

    html: str
    plain: str

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.plain}

    def __str__(self) -> str:
        return self.plain


CSS: Final = f"""
.gn {{ font-family: {SERIF}; color: var(--ink, {INK}); font-variant-numeric: tabular-nums; }}
.gn .gn-table {{ border-collapse: collapse; width: 100%; table-layout: auto; font-size: 14px;
  line-height: 1.5;
  background: transparent; border: 0; margin: .2rem 0 .6rem; }}
.gn .gn-table caption {{ caption-side: bottom; text-align: left; color: var(--words, {WORDS});
  font-size: 13px; padding: .5rem 0 0; }}
.gn .gn-table th {{ text-align: left; font-weight: 400; color: var(--words, {WORDS});
  font-size: 12.5px; padding: .3rem .9rem .3rem 0; border: 0; white-space: nowrap;
  border-bottom: 1px solid var(--line, {faint(ASH, 0.45)}); background: transparent; }}
.gn .gn-table td {{ text-align: left; padding: .3rem .9rem .3rem 0; border: 0; vertical-align: top;
  border-bottom: 1px solid var(--line-faint, {faint(ASH, 0.16)}); background: transparent; }}
.gn .gn-table tr {{ background: transparent !important; }}
.gn .gn-table .n {{ text-align: right; white-space: nowrap; }}
.gn .gn-table .up {{ color: var(--moss-ink, #4d6a4a); }}
.gn .gn-table .down {{ color: var(--clay-ink, #8f5539); }}
.gn-wide {{ overflow-x: auto; }}
.gn-note {{ color: var(--words, {WORDS}); font-size: 14px; line-height: 1.55; margin: .3rem 0; }}
.gn-cards {{ display: grid; gap: .8rem; margin: .6rem 0 1rem;
  grid-template-columns: repeat(auto-fit, minmax(205px, 1fr)); }}
.gn-card {{ background: var(--card, #fbf8f1); border: 1px solid var(--sand, {SAND});
  border-radius: 3px; padding: .8rem 1rem .75rem; }}
.gn-card .k {{ color: var(--words, {WORDS}); font-size: 12.5px; }}
.gn-card .v {{ font-size: 23px; line-height: 1.3; margin: .1rem 0 .15rem; }}
.gn-card .s {{ color: var(--words, {WORDS}); font-size: 12.5px; line-height: 1.4; }}
.gn-card.up .v {{ color: var(--moss-ink, #4d6a4a); }}
.gn-card.down .v {{ color: var(--clay-ink, #8f5539); }}
""".strip()
_STYLE: Final = f"<style>{CSS}</style>"

Format = Callable[[Any], str]
_SIGNED: Final = re.compile(r"^\+|^−")


def table(
    frame: pd.DataFrame,
    *,
    names: Mapping[str, str] | None = None,
    formats: Mapping[str, Format] | None = None,
    caption: str = "",
    empty: str = "None.",
) -> Shown:
    """A calm table of a frame: the columns of `names` (all without it) under those names.

    formats: how a column's values read; the others read as `plain_text` has it. A frame without
    rows becomes the sentence `empty`.
    """
    shown = dict(names) if names is not None else {str(name): str(name) for name in frame.columns}
    if frame.empty:
        return note(empty)
    forms = [(formats or {}).get(name, plain_text) for name in shown]
    rows = [
        [form(value) for form, value in zip(forms, row, strict=True)]
        for row in frame[list(shown)].itertuples(index=False, name=None)
    ]
    numeric = [_is_number(frame[name]) for name in shown]
    return _table(list(shown.values()), rows, numeric, caption)


def _is_number(column: pd.Series) -> bool:
    kinds = pd.api.types
    return kinds.is_numeric_dtype(column) and not kinds.is_bool_dtype(column)


def _table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[bool], caption: str
) -> Shown:
    def line(cells: Sequence[str], tag: str) -> str:
        told = (
            f"<{tag}{_class(cell, is_number)}>{escape(cell)}</{tag}>"
            for cell, is_number in zip(cells, numeric, strict=True)
        )
        return f"<tr>{''.join(told)}</tr>"

    below = f"<caption>{escape(caption)}</caption>" if caption else ""
    body = "".join(line(row, "td") for row in rows)
    html = (
        f'{_STYLE}<div class="gn gn-wide"><table class="gn-table">{below}'
        f"<thead>{line(heads, 'th')}</thead><tbody>{body}</tbody></table></div>"
    )
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    plain = [
        "  ".join(
            cell.rjust(width) if is_number else cell.ljust(width)
            for cell, width, is_number in zip(row, widths, numeric, strict=True)
        ).rstrip()
        for row in (heads, *rows)
    ]
    return Shown(html, "\n".join((*plain, *((caption,) if caption else ()))))


def _class(cell: str, is_number: bool) -> str:
    marks = ["n"] if is_number else []
    if is_number and _SIGNED.match(cell):
        marks.append("up" if cell[0] == "+" else "down")
    return f' class="{" ".join(marks)}"' if marks else ""


def note(words: str) -> Shown:
    """A quiet sentence; lines of its own where it has several."""
    lines = "<br>".join(escape(line) for line in words.splitlines())
    return Shown(f'{_STYLE}<p class="gn gn-note">{lines}</p>', words)


@dataclass(frozen=True, slots=True)
class Card:
    """One figure of an overview. mood: up, down or nothing."""

    name: str
    value: str
    words: str = ""
    mood: str = ""


def cards(each: Sequence[Card]) -> Shown:
    """An overview: a few figures side by side."""
    told = "".join(
        f'<div class="gn-card {card.mood}"><div class="k">{escape(card.name)}</div>'
        f'<div class="v">{escape(card.value)}</div><div class="s">{escape(card.words)}</div></div>'
        for card in each
    )
    width = max((len(card.name) for card in each), default=0)
    plain = "\n".join(f"{c.name.ljust(width)}  {c.value}  {c.words}".rstrip() for c in each)
    return Shown(f'{_STYLE}<div class="gn gn-cards">{told}</div>', plain)


# -- values as people read them --------------------------------------------------------------
NONE: Final = "–"


def plain_text(value: Any) -> str:
    """Any value: a dash for nothing, times of a day, whole numbers and fractions."""
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, pd.Timestamp):
        return clock(value)
    return f"{value:,.2f}".replace("-", "−") if isinstance(value, float) else str(value)


def clock(value: Any) -> str:
    """Time of a day."""
    if value is None or value is pd.NaT:
        return NONE
    text: str = value.strftime("%H:%M:%S")
    return text


def signed(value: Any, decimals: int = 2) -> str:
    """An amount with its sign; a dash for nothing."""
    if value is None or value != value:
        return NONE
    told = f"{abs(value):,.{decimals}f}"
    if not told.strip("0.,"):
        return told
    return f"{'+' if value > 0 else '−'}{told}"


def percent(value: Any, decimals: int = 2) -> str:
    """A fraction in percent with its sign."""
    told = signed(None if value is None else value * 100, decimals)
    return told if told == NONE else f"{told} %"


def share(value: Any, decimals: int = 1) -> str:
    """A fraction in percent, without a sign."""
    return NONE if value is None or value != value else f"{value * 100:,.{decimals}f} %"


def span(seconds: Any) -> str:
    """A length of time in words short enough for a table."""
    if seconds is None or seconds != seconds:
        return NONE
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    hours, minutes = whole // 3600, whole % 3600 // 60
    if hours >= 72:
        return f"{round(hours / 24):,} days"
    if hours and not minutes:
        return f"{hours} h"
    if not hours:
        return f"{minutes} min {whole % 60} s" if whole < 600 else f"{minutes} min"
    return f"{hours} h {minutes} min"
