"""EVENT BUS: one deterministic order for everything that happened."""

from genesis.bus.lanes import Lane, Lanes

__all__ = ["Lane", "Lanes"]
