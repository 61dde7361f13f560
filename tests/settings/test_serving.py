"""Where a server listens, whom it lets in, and how much one may ask for."""

import socket

import pytest

from headstart.errors import RecipeError
from headstart.settings.serving import ServerAddress, ServerLimits


def test_by_default_only_this_machine_can_reach_it_and_nothing_is_to_be_warned_of():
    assert (ServerAddress().host, ServerAddress().warnings(), ServerAddress().known_names()) == (
        "127.0.0.1",
        (),
        ("localhost",),
    )
    assert all(ServerAddress(host=host).is_local() for host in ("localhost", "127.0.0.1", "127.9.9.9", "::1"))


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "::", "example.org"])
def test_other_machines_can_reach_it_only_after_a_warning_or_with_a_token(host):
    (warning,) = ServerAddress(host=host).warnings()
    assert str(warning) == (
        f"Warning: everybody who can reach {host} can use this server. Add --token to ask for one, or leave out --host "
        "to stay on this machine."
    )
    assert ServerAddress(host=host, token="correct-horse").warnings() == ()
    assert ServerAddress(host=host, names=("Pictures.Example",)).known_names() == (
        "localhost", host, socket.gethostname().lower(), "pictures.example",
    )  # fmt: skip


@pytest.mark.parametrize("token", ["short", "with a space in it", "schlüsselwort"])
def test_a_token_that_is_none_is_refused(token):
    with pytest.raises(RecipeError, match=r"The token cannot be used\. It needs at least 8 letters"):
        ServerAddress(token=token)


@pytest.mark.parametrize(
    "wrong", [{"max_megabytes": 0}, {"max_size": -1}, {"max_files": 0}, {"max_megabytes": float("nan")}]
)
def test_limits_that_let_nothing_through_are_refused(wrong):
    with pytest.raises(RecipeError, match="must be above nothing"):
        ServerLimits.of(**wrong)


def test_the_other_limits_follow_from_that_of_one_file():
    limits = ServerLimits.of(max_megabytes=5, max_files=3)
    assert (limits.file_bytes, limits.request_bytes, limits.held_bytes, limits.files) == (
        5_000_000,
        20_000_000,
        80_000_000,
        3,
    )
