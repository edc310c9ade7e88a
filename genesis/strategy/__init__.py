"""STRATEGY: wishes, before the gate."""

from genesis.strategy.base import Intent, Strategy, View

__all__ = ["Intent", "Strategy", "View"]
