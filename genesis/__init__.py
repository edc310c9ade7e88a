"""Genesis: discipline enforced by code, for a small account that wants to survive.

The flow, which is also the list of folders:

    market data -> bus -> strategy -> risk -> tilt -> tiers -> execution -> positions -> analytics

One pure engine (`genesis.engine`) takes one event at a time and returns what it decided and what
it asks of the outside. `sim` drives it through stored ticks, `service` through live streams;
`store` remembers every step, so that every decision can be replayed.
"""

__version__ = "0.1.0"
