"""The command line in this process, with a fake encoder: what it prints where, and how it ends."""

from collections.abc import Callable

import pytest
from click.testing import Result
from typer.testing import CliRunner

from fakes import FakeNetwork

Command = Callable[..., Result]


@pytest.fixture
def headstart(fake_network: FakeNetwork) -> Command:
    """Run ``headstart ARGUMENTS`` in an empty folder; pictures become the pixels of their thumbnails."""
    from headstart.cli.app import app

    runner = CliRunner()
    return lambda *arguments: runner.invoke(app, [str(argument) for argument in arguments], prog_name="headstart")
