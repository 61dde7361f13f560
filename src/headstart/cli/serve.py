"""``headstart serve``."""

import json
from pathlib import Path
from typing import Annotated

import click

from headstart.cli.console import print_lines
from headstart.cli.language import translate
from headstart.cli.parameters import Argument, option
from headstart.cli.verb import Call, verb
from headstart.settings.serving import ServedModel, ServerAddress, ServerCallbacks, ServerLimits


@verb("encoder", "cache", "json", json="Print the address as JSON once it listens.")
def serve(
    model: Annotated[
        Path | None, Argument(metavar="[MODEL]", help="A model folder, or its run folder; none: only to teach one.")
    ] = None,
    port: Annotated[int, option(min=0, max=65535, help="Where to listen; 0 takes a free one.")] = 8000,
    host: Annotated[str, option(help="Address to listen on; the default is this machine alone.")] = "127.0.0.1",
    token: Annotated[str, option(envvar="HEADSTART_TOKEN", help="What clients must know.")] = "",
    allow_host: Annotated[list[str] | None, option(help="Further names the server is called by.")] = None,
    root_path: Annotated[str, option(help="Path that a proxy serves it under, such as /flowers.")] = "",
    max_megabytes: Annotated[float, option(help="Of one picture file.")] = 20,
    max_size: Annotated[int, option("--max-pixels", help="Of one picture.")] = 50_000_000,
    max_files: Annotated[int, option(help="In one request.")] = 64,
    workers: Annotated[int | None, option(min=1, help="Threads for pictures.  [default: the cores]")] = None,
    *,
    call: Call,
    quiet: Annotated[bool, option("--quiet", help="Write no line per request.")] = False,
) -> None:
    """Answer over HTTP and in a browser, on this machine.

    Example: headstart serve runs/flowers-1 --port 8000

    Then open http://127.0.0.1:8000/ or send pictures: curl -F files=@rose.jpg http://127.0.0.1:8000/predict.
    Ctrl-C stops it.
    """
    from headstart.workflows.serve import run_server

    address = ServerAddress(host, port, token, tuple(allow_host or ()), root_path)
    limits = ServerLimits.of(max_megabytes=max_megabytes, max_size=max_size, max_files=max_files)

    def ready(url: str) -> None:
        call.steps.close()
        opened = translate("Headstart is ready: {url}  (Ctrl-C stops it)").format(url=url)
        print_lines([*address.warnings(), opened], to_error=True)
        if call.as_json:
            click.echo(json.dumps({"address": url, "teach": f"{url}teach", "docs": f"{url}docs"}))

    def note(line: str) -> None:
        if not quiet:
            print_lines([line], to_error=True)

    served = ServedModel(model, call.recipe().encoder.name, workers)
    ending = run_server(served, address, limits, call.context, ServerCallbacks(ready, note))
    stopped = translate("Stopped. Requests answered: {count}.").format(count=ending.requests)
    print_lines([stopped], to_error=True)
    if ending.interrupted:
        raise click.exceptions.Exit(130)
