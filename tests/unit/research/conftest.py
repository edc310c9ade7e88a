"""A home with three days in it, recorded once by the real engine."""

from pathlib import Path

import pytest

from tests.support.day_home import record_days


@pytest.fixture(scope="session")
def days_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Read only: copy it to damage it."""
    home = tmp_path_factory.mktemp("days")
    record_days(home)
    return home
