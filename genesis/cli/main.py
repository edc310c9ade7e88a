"""The `genesis` command: every verb in one place, every error as one line and one exit code.

The modules included here are light: whatever is heavy (pandas, duckdb, ccxt) is imported by a
verb when it runs, so that `genesis --help` answers at once.
"""

import gc
import sys
from typing import Annotated, Final

import typer

from genesis import __version__
from genesis.cli import (
    check,
    dashboard,
    demo,
    detached,
    door,
    exchange,
    exits,
    flows,
    install,
    journal,
    lab,
    locks,
    log,
    logs,
    nightly,
    paper,
    record,
    recover,
    report,
    research,
    rules,
    service,
    strategies,
    tax,
    ticks,
    tier,
    twin,
    walk,
    why,
)
from genesis.cli.orders import Verbs

_ROOMS: Final = (
    ("See it work", (demo,)),
    ("Research on recorded markets", (ticks, record, research, walk, check)),
    (
        "Trade",
        (
            exchange,
            service,
            door,
            locks,
            tier,
            paper,
            rules,
            strategies,
            journal,
            detached,
            logs,
            install,
            flows,
            recover,
        ),
    ),
    ("Look", (dashboard, lab, report, nightly, tax)),
    ("Prove it", (log, twin, why)),
)

_ABOUT: Final = """
Genesis: a trading workbench that enforces discipline by code.

Every order, a strategy's or your own, passes one gate: size, risk, tilt, tier. Every step is on
disk before it has an effect, and can be replayed to the same decisions.
"""

_FIRST_STEPS: Final = """
**First steps**

- `genesis demo` shows the whole flow, without a key or a network
- `genesis ticks import FILE` brings recorded trades into the store
- `genesis backtest sma_cross --symbol BTC/USDT` tries a strategy on them
- `genesis run --mode paper` trades play money against `genesis exchange`

**Exit codes:** 0 done, 1 the answer is no, 2 bad usage or input, 3 the service cannot be reached.

Data lies in `GENESIS_HOME` (default: `data/` of the checkout). `genesis VERB --help` tells more.
"""


_COLLECT_AFTER: Final = 5_000
"""New objects between two looks of the collector: its pauses stay below a millisecond."""


def build() -> typer.Typer:
    """The whole command line."""
    app = typer.Typer(
        name="genesis",
        cls=Verbs,
        help=_ABOUT,
        epilog=_FIRST_STEPS,
        invoke_without_command=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        rich_markup_mode="markdown",
        callback=_root,
    )
    for panel, modules in _ROOMS:
        for module in modules:
            module.register(app)
        _place_new_verbs(app, panel)
    return app


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code.

    arguments: None for those of the process, which is then this command's own.
    """
    if arguments is None:
        _spare_the_collector()
    # Jupyter's checks of web addresses compile a grammar when they are imported: two seconds, for
    # what nothing here asks. Without the module they are left out.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    try:
        code = build()(arguments, prog_name="genesis", standalone_mode=False)
    except SystemExit as ended:
        if isinstance(ended.__context__, BrokenPipeError):  # typer calls that 1, our "no"
            return exits.end(ended.__context__)
        raise
    except BaseException as error:  # noqa: BLE001  # the outermost edge: nothing is swallowed here
        return exits.end(error)
    return code if isinstance(code, int) else exits.DONE


def _spare_the_collector() -> None:
    """Python's cycle collector finds nothing in modules: looking through them again and again
    while they load would take a quarter of a command's time.
    """
    gc.set_threshold(_COLLECT_AFTER)


def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and end.")] = False,
) -> None:
    if version:
        typer.echo(f"genesis {__version__}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _place_new_verbs(app: typer.Typer, panel: str) -> None:
    """Give the verbs that were just registered their place in the help."""
    for command in app.registered_commands:
        if not isinstance(command.rich_help_panel, str):
            command.rich_help_panel = panel
    for group in app.registered_groups:
        if not isinstance(group.rich_help_panel, str):
            group.rich_help_panel = panel
            group.cls = Verbs
