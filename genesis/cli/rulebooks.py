"""`genesis rules book`: rules of somebody else, to look at, to be judged by, and to trade under."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from genesis.cli.exits import DONE, NO

_HELP = """Books: rule sets in the manner of trading firms, as data.

A book says when an account is over (a floor that stays or follows, the loss of a day in its own
time zone), what has to be reached, and what is not done. Those that are shipped are patterns for
learning and as a guard; they claim nobody's rules of today.

- look: `list`, `show two_step`
- be judged: `judge two_step sma_cross --symbol BTC/USDT` runs a backtest and holds every tick of it
  against the book
- trade under one: write a rulebook with `books = ["two_step"]` in it (`show --rules` prints one)
  and start `genesis run --mode paper --rules FILE`. A book only tightens: limits of the tier hold
  on, entries are sized so that one stop costs at most a part of what is left to lose, and a breach
  refuses new risk. `genesis locks` and the garden tell what is left.

A book of your own is a .toml file of the same form: wherever a name is asked for, give its path.
"""
_Json = Annotated[bool, typer.Option("--json", help="One JSON value instead of text.")]
_Book = Annotated[str, typer.Argument(help="A book: a name, or the path of a .toml file.")]
_Phase = Annotated[int | None, typer.Option(help="Which of its targets holds, from 1.")]


def add_to(rules: typer.Typer) -> None:
    """Add this group to `genesis rules`."""
    book = typer.Typer(help=_HELP, no_args_is_help=True)
    book.command("list")(list_books)
    book.command()(show)
    book.command()(judge)
    rules.add_typer(book, name="book")


def list_books(as_json: _Json = False) -> None:
    """The books that come with Genesis, and what they are."""
    from genesis.rules import known_books, load_book

    titles = {name: load_book(name).title for name in known_books()}
    width = max(map(len, titles))
    lines = [f"{name:<{width}}  {title}" for name, title in titles.items()]
    typer.echo(json.dumps(titles) if as_json else "\n".join(lines))


def show(
    book: _Book,
    rules: Annotated[
        bool, typer.Option("--rules", help="Print a rulebook that trades under it instead.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """The whole text of a book, checked."""
    from genesis.rules import book_text, load_book

    found = load_book(book)
    text = _rulebook(book, found.name) if rules else book_text(book)
    told = {"name": found.name, "title": found.title, "text": text}
    typer.echo(json.dumps(told) if as_json else text, nl=as_json)


def judge(
    book: _Book,
    strategy: Annotated[str, typer.Argument(help="Name of a strategy, such as sma_cross.")],
    symbol: Annotated[str, typer.Option(help="What to trade.")] = "BTC/USDT",
    start: Annotated[str | None, typer.Option(help="Begin here (UTC).")] = None,
    end: Annotated[str | None, typer.Option(help="End before this moment (UTC).")] = None,
    ticks: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Parquet of trades, not the tick store.")
    ] = None,
    rules: Annotated[
        str, typer.Option(help="Rulebook of the backtest: sniper, research, or a .toml file.")
    ] = "sniper",
    cash: Annotated[str, typer.Option(help="Starting amount of quote currency.")] = "500",
    phase: _Phase = None,
    home: Annotated[
        Path | None, typer.Option(help="Home of the tick store; default: GENESIS_HOME, or `data/`.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """Backtest a strategy and hold every tick of it against a book.

    Tells every rule: whether it was broken on the way and when first, how it stood at the end, and
    what was left to lose. What the account would have done after a breach is told, too. Exit code 1
    when a rule was broken.
    """
    from genesis.cli.homes import home_of
    from genesis.research import TickStore, backtest
    from genesis.research.files import read_ticks
    from genesis.research.judged import BROKEN
    from genesis.research.judged import judge as judged_by
    from genesis.rules import load_book

    load_book(book, phase=phase)  # a wrong name or phase costs no backtest
    market: Any = (
        TickStore(home_of(home)).ticks(symbol, start, end)
        if ticks is None
        else read_ticks(ticks, symbol)
    )
    result = backtest(strategy, market, start=start, end=end, rules=rules, cash=Decimal(cash))
    found = judged_by(result, book, phase=phase)
    told = {
        "book": found.book.name,
        "phase": found.book.phase,
        "phases": found.book.phases,
        "verdict": found.verdict,
        "rules": json.loads(found.table.to_json(orient="records")),
    }
    typer.echo(json.dumps(told) if as_json else repr(found))
    raise typer.Exit(NO if found.verdict == BROKEN else DONE)


def _rulebook(book: str, name: str) -> str:
    """A rulebook of the first tier that trades under the book."""
    where = str(Path(book).absolute()) if book.endswith(".toml") else book
    return (
        "# The rules of the first tier under a book: genesis run --mode paper --rules FILE\n"
        f'name = "under_{name}"\n'
        f"books = [{json.dumps(where)}]\n\n"
        '[tiers]\nopening_tier = "SNIPER"\n\n[execution]\nfee_asset = "received"\n'
    )
