"""Where Genesis keeps what it makes: one home folder."""

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import platformdirs

from genesis.errors import ConfigError
from genesis.store.private import FOLDER_MODE, keep_from_others

_TEXTS: Final = ("genesis.db*", "second-log.jsonl*")
"""Files of a home that hold what its owner wrote, those that were set aside, too."""


def resolve_home(explicit: Path | None = None) -> Path:
    """The home folder: the one named, else `GENESIS_HOME`, else `data/` of the checkout found
    upward from the current folder, else the user's data directory. It need not exist yet.
    """
    if explicit is not None:
        return explicit.expanduser().absolute()
    named = os.environ.get("GENESIS_HOME")
    if named:
        return Path(named).expanduser().absolute()
    checkout = find_checkout(Path.cwd())
    if checkout is not None:
        return checkout / "data"
    return Path(platformdirs.user_data_dir("genesis", appauthor=False))


def require_unused(home: Path) -> None:
    """For what begins at the beginning, such as a demo.

    Raises:
        ConfigError: the home was used before, or is no folder.
    """
    if home.exists() and not home.is_dir():
        raise ConfigError(f"home {home} is no folder: name an empty one (--home)")
    if home.exists() and any(home.iterdir()):
        raise ConfigError(f"home {home} was used before: name an empty folder (--home)")


def find_checkout(start: Path) -> Path | None:
    """The folder of a Genesis checkout at or above `start`."""
    for folder in (start, *start.parents):
        if (folder / "genesis" / "__init__.py").is_file() and (folder / "pyproject.toml").is_file():
            return folder
    return None


@dataclass(frozen=True, slots=True)
class Home:
    """The files of one home folder."""

    path: Path

    @classmethod
    def open(cls, path: Path) -> "Home":
        """Make the folder where needed; nobody but its owner reads what it holds.

        Raises:
            ConfigError: it cannot be made or written.
        """
        try:
            path.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
            (path / "logs").mkdir(exist_ok=True)
        except OSError as err:
            raise ConfigError(
                f"home {path} cannot be used ({err.strerror}): set GENESIS_HOME to a folder "
                "that can be written"
            ) from err
        texts = [file for pattern in _TEXTS for file in path.glob(pattern)]
        for each in (*texts, path) if texts else ():  # else it may be anybody's folder
            keep_from_others(each)
        return cls(path)

    @property
    def log_file(self) -> Path:
        return self.path / "logs" / "genesis.jsonl"

    @property
    def second_log_file(self) -> Path:
        """The plain log that takes over when the event log cannot be written."""
        return self.path / "second-log.jsonl"

    @property
    def service_file(self) -> Path:
        """Where the running service says how it is reached."""
        return self.path / "service.json"

    def key(self, name: str, suffix: str = "key") -> str:
        """A secret of this home (`control`, `control-read`), made on first use, mode 0600.

        Raises:
            ConfigError: it cannot be read, or not be written.
        """
        file = self.path / f"{name}.{suffix}"
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return read_key(file)
        except OSError as err:
            raise _unwritable(file, err) from err
        made = secrets.token_urlsafe(32)
        try:
            with os.fdopen(handle, "w") as out:
                out.write(made + "\n")
        except OSError as err:
            file.unlink()
            raise _unwritable(file, err) from err
        return made

    def announce(self, facts: dict[str, Any]) -> None:
        """Write the service file: how the running service is reached."""
        draft = self.service_file.with_suffix(".json.new")
        draft.write_text(json.dumps(facts) + "\n")
        draft.replace(self.service_file)

    def withdraw(self) -> None:
        self.service_file.unlink(missing_ok=True)

    def announced(self) -> dict[str, Any] | None:
        """What the running service wrote, or None."""
        try:
            facts = json.loads(self.service_file.read_text())
        except (FileNotFoundError, ValueError):
            return None
        return facts if isinstance(facts, dict) and isinstance(facts.get("url"), str) else None


def _unwritable(file: Path, err: OSError) -> ConfigError:
    return ConfigError(
        f"key file {file} cannot be written ({err.strerror}): free some space, or set GENESIS_HOME "
        "to another folder"
    )


def read_key(file: Path) -> str:
    """The key in a file.

    Raises:
        ConfigError: the file cannot be read or is empty.
    """
    try:
        text = file.read_text("ascii").strip()
    except OSError as err:
        raise ConfigError(
            f"key file {file} cannot be read ({err.strerror}): a start of the service makes one, "
            "GENESIS_CONTROL_KEY can stand in for it"
        ) from err
    except UnicodeDecodeError:
        text = ""
    if not text:
        raise ConfigError(
            f"key file {file} is empty or damaged: delete it, and the next start of the service "
            "makes one"
        )
    return text
