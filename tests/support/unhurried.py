"""The rules of a trader who is not asked twice, for days that are written down act by act."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from genesis.rules import Rules, load

TEXT = """name = "sniper"
[tiers]
opening_tier = "SNIPER"
[execution]
fee_asset = "received"
[tilt.interventions]
confirm_s = "none"
"""

TIRELESS = (
    TEXT
    + """
[tilt.score]
anchors = [[97, 40], [98, 60], [99, 80], [100, 100]]
[risk.streak]
losses = [97, 98, 99, 100]
"""
)
"""And of one who may buy and sell all day within seconds: for tests of the way in, not of him."""


@cache
def rules() -> Rules:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "sniper.toml"
        path.write_text(TEXT, encoding="utf-8")
        return load(path)
