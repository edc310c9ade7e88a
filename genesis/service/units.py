"""The systemd user units that keep Genesis running: engine, dashboards and the nightly reports.

Only hardening that a user's own systemd can apply without namespaces is asked for: a unit that
asks for more does not start at all where unprivileged namespaces are forbidden. Memory that is
writable and executable stays allowed, since compiled numeric code needs it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ENGINE: Final = "genesis-engine.service"
DASHBOARD: Final = "genesis-dashboard.service"
NIGHTLY: Final = "genesis-nightly.service"
TIMER: Final = "genesis-nightly.timer"
ENABLED: Final = (ENGINE, DASHBOARD, TIMER)
NIGHTLY_AT: Final = "00:20:00"
"""UTC: a quarter of an hour after the engine evaluated the day that ended."""

_HARDENING: Final = """\
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
UMask=0077
LimitCORE=0
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where and how the units run.

    command: what starts `genesis`. folder: whose .env is read, if it has one. variables: settings
    that stand in no file; never a secret.
    """

    command: Sequence[str]
    folder: Path
    home: Path
    mode: str
    variables: Mapping[str, str]


def unit_files(place: Place) -> dict[str, str]:
    """Name and text of every unit. The same place gives the same texts."""
    home = ("--home", str(place.home))
    return {
        ENGINE: _service(
            place,
            "Genesis: the trading engine",
            ("run", "--mode", place.mode, *home),
            "Restart=on-failure\nRestartSec=5\nRestartPreventExitStatus=2\nTimeoutStopSec=90\n",
        ),
        DASHBOARD: _service(
            place,
            "Genesis: the dashboards on 127.0.0.1",
            ("dashboard", *home),
            "Restart=on-failure\nRestartSec=5\nRestartPreventExitStatus=2\nTimeoutStopSec=30\n"
            "# Its address holds the token: `genesis dashboard` shows it, the journal does not.\n"
            "StandardOutput=null\n",
        ),
        NIGHTLY: _service(
            place, "Genesis: the reports of the night", ("nightly", *home), "Nice=10\n"
        ),
        TIMER: _timer(),
    }


def quoted(word: str) -> str:
    """One word of a command or an assignment, as systemd reads it back."""
    plain = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("\n", "\\n")
    return f'"{plain}"' if plain != word or any(c in word for c in " \t'#;") else word


def _service(place: Place, about: str, verb: Sequence[str], more: str) -> str:
    words = [*place.command, *verb]
    command = " ".join(quoted(word).replace("$", "$$") for word in words)
    settings = "".join(
        f"Environment={quoted(f'{name}={value}')}\n"
        for name, value in sorted(place.variables.items())
    )
    once = verb[0] == "nightly"
    install = "" if once else "\n[Install]\nWantedBy=default.target\n"
    return (
        f"[Unit]\nDescription={about}\n\n"
        f"[Service]\nType={'oneshot' if once else 'exec'}\n"
        "# Settings and keys that stand in the .env of this folder are read from there.\n"
        f"WorkingDirectory={_path(place.folder)}\n"
        f"{settings}ExecStart={command}\n{more}{_HARDENING}{install}"
    )


def _path(folder: Path) -> str:
    """WorkingDirectory takes the rest of the line as it is, but for the percent sign."""
    return str(folder).replace("%", "%%")


def _timer() -> str:
    return (
        "[Unit]\nDescription=Genesis: every night after the day has ended\n\n"
        f"[Timer]\nOnCalendar=*-*-* {NIGHTLY_AT} UTC\nPersistent=true\nAccuracySec=1min\n\n"
        "[Install]\nWantedBy=timers.target\n"
    )
