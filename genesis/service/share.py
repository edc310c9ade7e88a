"""What belongs to Genesis besides its code: notebooks and dashboards.

In a checkout they lie beside the package; a wheel carries them inside it.
"""

from pathlib import Path
from typing import Final, Literal

import genesis
from genesis.errors import ConfigError
from genesis.service.home import find_checkout

_PACKAGE: Final = Path(genesis.__file__).parent


def share_folder(name: Literal["dashboards", "notebooks"]) -> Path:
    """The folder of that name.

    Raises:
        ConfigError: this installation has none.
    """
    checkout = find_checkout(_PACKAGE.parent)
    places = [_PACKAGE / "_share" / name]
    if checkout is not None and checkout == _PACKAGE.parent:
        places.insert(0, checkout / name)
    for folder in places:
        if folder.is_dir():
            return folder
    raise ConfigError(
        f"this installation of Genesis lacks its {name} ({places[-1]}): install it again"
    )
