"""``headstart doctor``."""

from headstart.cli import options
from headstart.cli.console import explained, print_json, print_lines
from headstart.runtime.context import RunContext


def doctor(cache: options.Cache = None, as_json: options.Json = False, debug: options.Debug = False) -> None:
    """Say what is installed, what is here, what is wrong.

    Example: headstart doctor
    """
    with explained(debug) as steps:
        from headstart.workflows.doctor import examine

        report = examine(RunContext(cache=cache, progress=steps))
        steps.close()
        if as_json:
            print_json(report.to_json())
        else:
            print_lines(report.lines())
