"""Settings: paths, ports, symbols, keys. Rules are not settings, and no limit stands here."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from genesis.domain.money import text as amount_text
from genesis.errors import ConfigError, UsageError
from genesis.exchange.venue import KNOWN, venue_at
from genesis.service.api.places import is_loopback, network_of
from genesis.service.home import resolve_home
from genesis.wire.symbols import parse_symbol

PREFIX = "GENESIS_"
MOST_REQUESTS = 100_000
Words = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """Read once at the start from `GENESIS_*` and `.env`; passed on by constructor."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_ignore_empty=True, frozen=True, extra="ignore"
    )

    home: Path | None = Field(None, description="folder of everything Genesis makes")
    venue_url: str | None = Field(
        None,
        description=f"the venue: {', '.join(KNOWN)}, or a Binance-compatible base URL",
    )
    api_key: SecretStr | None = Field(None, description="the venue's API key")
    api_secret: SecretStr | None = Field(None, description="the venue's API secret")
    key_any_address: bool = Field(
        False, description="live: accept a venue key that works from every address"
    )
    control_key: SecretStr | None = Field(None, description="X-API-Key of the control API")
    control_read_key: SecretStr | None = Field(None, description="the same, for reading only")
    control_allow: Words = Field(
        (), description="addresses beside loopback that may ask the control API; comma separated"
    )
    control_host: str = Field("127.0.0.1", description="address the control API listens on")
    rate_limit: int = Field(
        10, ge=1, le=MOST_REQUESTS, description="requests a second of one key to one endpoint"
    )
    end_s: int = Field(
        15, ge=1, le=20, description="seconds that an end waits for the venue to answer"
    )
    reconcile_s: int = Field(
        60, ge=5, le=120, description="seconds between comparisons with the venue's books"
    )
    port: int = Field(8080, ge=0, le=65535, description="control API; 0 = a free one")
    dashboard_port: int = Field(8866, ge=0, le=65535, description="dashboard; 0 = a free one")
    symbols: Words = Field(("BTC/USDT",), description="traded symbols, comma separated")
    strategies: Words = Field((), description="strategies to run, comma separated")
    rules: str = Field("sniper", description="rulebook: a name or the path of a file")
    notify: SecretStr | None = Field(
        None, description="who hears of the night: apprise URLs, comma separated"
    )
    capital: Decimal = Field(
        Decimal(500), gt=0, le=10**12, description="paper account's quote balance"
    )

    @field_validator("symbols", "strategies", "control_allow", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(word.strip() for word in value.split(",") if word.strip())
        return value

    @field_validator("symbols")
    @classmethod
    def _are_symbols(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("name at least one symbol, such as BTC/USDT")
        try:
            return tuple(dict.fromkeys(map(parse_symbol, value)))
        except UsageError as error:
            raise ValueError(error.message) from None

    @field_validator("control_allow")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            try:
                network_of(each)
            except ValueError:
                raise ValueError(f"{each!r} is no address and no network as 10.0.0.0/24") from None
        return value

    @field_validator("control_host")
    @classmethod
    def _is_guarded(cls, value: str, known: ValidationInfo) -> str:
        host = "127.0.0.1" if value == "localhost" else value.strip("[]")
        try:
            ip_address(host)
        except ValueError:
            raise ValueError(f"{value!r} is no address of this machine") from None
        if not is_loopback(host) and not known.data.get("control_allow"):
            raise ValueError("beyond loopback, name in GENESIS_CONTROL_ALLOW who may ask")
        return host

    @field_validator("strategies")
    @classmethod
    def _once_each(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(value))

    @field_validator("api_key", "control_key", "control_read_key")
    @classmethod
    def _fits_a_header(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _is_plain(value.get_secret_value()):
            raise ValueError("a key is made of letters, digits and signs of ASCII, without spaces")
        return value

    @field_validator("venue_url")
    @classmethod
    def _is_url(cls, value: str | None) -> str | None:
        try:
            return None if value is None else venue_at(value).url
        except ConfigError as error:
            raise ValueError(error.message) from None

    @classmethod
    def read(cls, **overrides: Any) -> Self:
        """Settings of this process; `overrides` (not None) win over environment and `.env`.

        Raises:
            ConfigError: a value cannot be used; the line names the variable.
        """
        given = {name: value for name, value in overrides.items() if value is not None}
        try:
            return cls(**given)
        except ValidationError as err:
            raise ConfigError(_first_complaint(err)) from None
        except (OSError, UnicodeDecodeError) as err:
            reason = getattr(err, "strerror", None) or "it is not UTF-8 text"
            file = Path(".env").absolute()
            raise ConfigError(f"{file} cannot be read: {reason}; correct it") from err

    def venue_keys(self, key: str, secret: str) -> tuple[str, str]:
        """The venue's key pair; the given one where none is set."""
        return (
            key if self.api_key is None else self.api_key.get_secret_value(),
            secret if self.api_secret is None else self.api_secret.get_secret_value(),
        )

    def home_path(self) -> Path:
        return resolve_home(self.home)


@dataclass(frozen=True, slots=True)
class Shown:
    """One setting as people see it."""

    name: str
    value: str
    source: str
    about: str


def show(settings: Settings, options: Collection[str] = ()) -> list[Shown]:
    """Every setting with its source (option, environment, .env, default); secrets are masked."""
    dotenv = _dotenv_names()
    return [
        Shown(
            PREFIX + name.upper(),
            _text(settings, name),
            "option" if name in options else _source(name, dotenv),
            about or "",
        )
        for name, about in (
            (name, field.description) for name, field in type(settings).model_fields.items()
        )
    ]


def _text(settings: Settings, name: str) -> str:
    value = getattr(settings, name)
    if name == "home":
        return str(settings.home_path())
    if isinstance(value, SecretStr):
        return "********"
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, Decimal):
        return amount_text(value)
    return "" if value is None else str(value)


def _source(name: str, dotenv: frozenset[str]) -> str:
    variable = PREFIX + name.upper()
    if os.environ.get(variable):
        return "environment"
    return ".env" if variable in dotenv else "default"


def _dotenv_names() -> frozenset[str]:
    file = Path(".env")
    if not file.is_file():
        return frozenset()
    lines = (line.strip().removeprefix("export ") for line in file.read_text().splitlines())
    return frozenset(
        name.strip().upper()
        for name, equals, value in (line.partition("=") for line in lines)
        if equals and value.strip() and not name.startswith("#")
    )


def _first_complaint(err: ValidationError) -> str:
    first = err.errors()[0]
    name = PREFIX + str(first["loc"][0]).upper() if first["loc"] else "settings"
    reason = first["msg"].removeprefix("Value error, ").replace("Input should be", "it must be")
    return f"{name} cannot be used: {reason}; correct the option, the variable or its line in .env"


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text
