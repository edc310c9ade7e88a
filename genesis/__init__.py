"""Genesis: discipline enforced by code, for a small account that wants to survive.

The flow, which is also the list of folders:

    market data -> bus -> strategy -> risk -> tilt -> tiers -> execution -> positions -> analytics

One pure engine (`genesis.engine`) takes one event at a time and returns what it decided and what
it asks of the outside. `sim` drives it through stored ticks, `service` through live streams;
`store` remembers every step, so that every decision can be replayed.
"""

from importlib import import_module

__version__ = "0.1.0"


def load_ipython_extension(shell: object) -> None:
    """`%load_ext genesis` in a notebook: `%%ticks` and `%backtest`."""
    magics = import_module("genesis.research.magics")  # by its name: nothing below knows it
    shell.register_magics(magics.GenesisMagics)  # type: ignore[attr-defined]
