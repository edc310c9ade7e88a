"""What is refused before anything starts: keys that are one, an address that is taken."""

import socket
from pathlib import Path

import pytest

from genesis.errors import ConfigError
from genesis.service.bootstrap import build
from genesis.service.doctor import examine
from genesis.service.settings import Settings


def test_a_read_key_that_trades_is_refused(tmp_path: Path) -> None:
    same = Settings.read(home=tmp_path, control_key="one-for-all", control_read_key="one-for-all")
    with pytest.raises(ConfigError, match="GENESIS_CONTROL_READ_KEY"):
        build(same, "paper", say=print)
    build(Settings.read(home=tmp_path), "paper", say=print)  # two are made
    (tmp_path / "control-read.key").write_text((tmp_path / "control.key").read_text())
    with pytest.raises(ConfigError, match="are the same"):
        build(Settings.read(home=tmp_path), "paper", say=print)


def test_the_doctor_looks_at_the_address_the_service_would_listen_on(tmp_path: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.2", 0))
        held.listen()
        port = held.getsockname()[1]
        settings = Settings.read(home=tmp_path, port=port, control_host="127.0.0.2")
        found = {finding.what: finding for finding in examine(settings)}
    assert not found["control API port"].ok
    assert f"port {port}" in found["control API port"].detail
