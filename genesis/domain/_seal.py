"""The gate's stamp. Only `genesis.engine.gate` may import this module (tested)."""

from typing import Final


class Seal:
    """Marks a verdict as issued by a gate; worth nothing without the gate that vouches for it."""

    __slots__ = ()


SEAL: Final = Seal()
