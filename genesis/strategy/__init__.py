"""STRATEGY: wishes, before the gate."""

from genesis.strategy.base import Intent, Strategy, View
from genesis.strategy.signal import Signal, SignalBars

__all__ = ["Intent", "Signal", "SignalBars", "Strategy", "View"]
