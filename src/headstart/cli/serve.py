"""``headstart serve``."""

import json
from pathlib import Path
from typing import Annotated

import typer

from headstart.cli import options
from headstart.cli.console import explained, print_lines
from headstart.runtime.context import RunContext
from headstart.settings.serving import ServedModel, ServerAddress, ServerCallbacks, ServerLimits


def serve(
    model: Annotated[
        Path | None,
        typer.Argument(metavar="[MODEL]", help="A model folder, or its run folder; none: only to teach one."),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where to listen; 0 takes a free one.")] = 8000,
    host: Annotated[str, typer.Option(help="Address to listen on; the default is this machine alone.")] = "127.0.0.1",
    token: Annotated[
        str, typer.Option(envvar="HEADSTART_TOKEN", show_envvar=True, help="What clients must know.")
    ] = "",
    allow_host: Annotated[list[str] | None, typer.Option(help="Further names the server is called by.")] = None,
    max_megabytes: Annotated[float, typer.Option(help="Of one picture file.")] = 20,
    max_pixels: Annotated[int, typer.Option(help="Of one picture.")] = 50_000_000,
    max_files: Annotated[int, typer.Option(help="In one request.")] = 64,
    workers: Annotated[int | None, typer.Option(min=1, help="Threads for pictures.  [default: the cores]")] = None,
    encoder: options.EncoderName = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Write no line per request.")] = False,
    cache: options.Cache = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the address as JSON once it listens.")] = False,
    debug: options.Debug = False,
) -> None:
    """Answer over HTTP and in a browser, on this machine.

    Example: headstart serve runs/flowers-1 --port 8000

    Then open http://127.0.0.1:8000/ or send pictures: curl -F files=@rose.jpg http://127.0.0.1:8000/predict.
    Ctrl-C stops it.
    """
    with explained(debug) as steps:
        from headstart.workflows.serve import run_server

        door = ServerAddress(host, port, token, tuple(allow_host or ()))
        limits = ServerLimits.of(max_megabytes=max_megabytes, max_pixels=max_pixels, max_files=max_files)
        context = RunContext(cache=cache, progress=steps)

        def ready(address: str) -> None:
            steps.close()
            print_lines([*door.warnings(), f"Headstart is ready: {address}  (Ctrl-C stops it)"], to_error=True)
            if as_json:
                typer.echo(json.dumps({"address": address, "teach": f"{address}teach", "docs": f"{address}docs"}))

        def note(line: str) -> None:
            if not quiet:
                print_lines([line], to_error=True)

        hosted = ServedModel(model, encoder or "efficientnet_lite0", workers)
        ending = run_server(hosted, door, limits, context, ServerCallbacks(ready, note))
        print_lines([f"Stopped. Requests answered: {ending.requests}."], to_error=True)
        if ending.interrupted:
            raise typer.Exit(130)
