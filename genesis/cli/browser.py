"""The browser of this desktop, where there is one."""

import os
import sys
import webbrowser
from typing import Final

_SIGNS: Final = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


def show(address: str) -> bool:
    """Open an address; False where there is no desktop to open it on."""
    has_desktop = sys.platform == "darwin" or any(os.environ.get(name) for name in _SIGNS)
    return has_desktop and webbrowser.open(address)
