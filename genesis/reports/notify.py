"""A notice of the night by mail or webhook: what the summary says, and nothing else.

The addresses are apprise URLs (`mailto://`, `json://`, ...) and hold passwords: a failure names an
address by its number and kind alone.
"""

import logging
import re
from collections.abc import Sequence
from typing import Any, Final

from genesis.errors import ConfigError, NotBuilt

_BETWEEN: Final = re.compile(r"[\s,]+(?=[A-Za-z][\w+.-]*://)")
_KIND: Final = re.compile(r"[A-Za-z][\w+.-]*(?=://)")


def addresses(text: str) -> tuple[str, ...]:
    """The URLs of a comma separated text; a comma inside of a URL stays."""
    return tuple(url.strip(" ,") for url in _BETWEEN.split(text.strip()) if url.strip(" ,"))


def send(urls: Sequence[str], title: str, markdown: str) -> tuple[str, ...]:
    """Send a notice to every address; which of them failed, in words.

    Raises:
        NotBuilt: apprise is not installed.
        ConfigError: an address cannot be understood; nothing was sent.
    """
    try:
        import apprise
    except ImportError:
        raise NotBuilt(
            "notices need apprise: pip install 'genesis[notify]', or unset GENESIS_NOTIFY"
        ) from None
    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it would tell addresses
    targets = [_target(apprise, url, number) for number, url in enumerate(urls, 1)]
    return tuple(
        f"notice {number} of {len(urls)} ({_kind(url)}) could not be sent"
        for number, (url, target) in enumerate(zip(urls, targets, strict=True), 1)
        if not target.notify(title=title, body=markdown, body_format=apprise.NotifyFormat.MARKDOWN)
    )


def _target(apprise: Any, url: str, number: int) -> Any:
    target = apprise.Apprise()
    if not target.add(url):
        raise ConfigError(
            f"GENESIS_NOTIFY: address {number} ({_kind(url)}) cannot be understood: "
            "write it as apprise does, such as mailto://user:password@example.org"
        )
    return target


def _kind(url: str) -> str:
    found = _KIND.match(url)
    return found[0].lower() if found else "no URL"
