"""Settings: paths, ports, symbols, keys. Rules are not settings, and no limit stands here."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from genesis.domain.money import text as amount_text
from genesis.errors import ConfigError
from genesis.service.home import resolve_home

PREFIX = "GENESIS_"
Words = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """Read once at the start from `GENESIS_*` and `.env`; passed on by constructor."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_ignore_empty=True, frozen=True, extra="ignore"
    )

    home: Path | None = Field(None, description="folder of everything Genesis makes")
    venue_url: str | None = Field(None, description="Binance-compatible base URL of the venue")
    api_key: SecretStr | None = Field(None, description="the venue's API key")
    api_secret: SecretStr | None = Field(None, description="the venue's API secret")
    control_key: SecretStr | None = Field(None, description="X-API-Key of the control API")
    control_read_key: SecretStr | None = Field(None, description="the same, for reading only")
    port: int = Field(8080, ge=0, le=65535, description="control API; 0 = a free one")
    dashboard_port: int = Field(8866, ge=0, le=65535, description="dashboard; 0 = a free one")
    symbols: Words = Field(("BTC/USDT",), description="traded symbols, comma separated")
    strategies: Words = Field((), description="strategies to run, comma separated")
    rules: str = Field("sniper", description="rulebook: a name or the path of a file")
    capital: Decimal = Field(Decimal(500), gt=0, description="paper account's quote balance")

    @field_validator("symbols", "strategies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(word.strip() for word in value.split(",") if word.strip())
        return value

    @field_validator("symbols")
    @classmethod
    def _are_symbols(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        symbols = tuple(symbol.upper() for symbol in value)
        for symbol in symbols:
            base, slash, quote = symbol.partition("/")
            if not (slash and base.isalnum() and quote.isalnum()):
                raise ValueError(f"{symbol!r} is not a symbol such as BTC/USDT")
        if not symbols:
            raise ValueError("name at least one symbol, such as BTC/USDT")
        return symbols

    @field_validator("venue_url")
    @classmethod
    def _is_url(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError(f"{value!r} is not a URL such as http://127.0.0.1:9100")
        return None if value is None else value.rstrip("/")

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
    reason = first["msg"].removeprefix("Value error, ")
    return f"{name} cannot be used: {reason}; `genesis settings` shows what is set"
