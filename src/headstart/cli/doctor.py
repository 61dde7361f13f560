"""``headstart doctor``."""

from headstart.cli.verb import Call, verb


@verb("cache", "json")
def doctor(call: Call) -> None:
    """Say what is installed, what is here, what is wrong.

    Example: headstart doctor
    """
    from headstart.workflows.doctor import examine

    call.show(examine(call.context))
