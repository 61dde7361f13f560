"""``headstart benchmark``."""

from typing import Annotated

from headstart.cli import options
from headstart.cli.console import print_lines
from headstart.cli.parameters import option
from headstart.cli.verb import Call, verb


@verb("cache", "json")
def benchmark(
    model: options.ModelFolder,
    call: Call,
    forms: Annotated[
        list[str] | None,
        option(
            help="Of library, onnx, onnx-half, onnx-int8, openvino, openvino-half, openvino-int8, torch, one after the"
            " other; those that are not there are made for the occasion.  [default: those in the model's folder]"
        ),
    ] = None,
    seconds: Annotated[float, option(min=0.01, help="How long each measurement takes.")] = 2.0,
    threads: Annotated[int, option(min=0, help="For each form; 0: as many as there are cores.")] = 0,
    data: Annotated[
        str | None, option(help="Pictures to calibrate a missing int8 form on.  [default: those of the model's run]")
    ] = None,
) -> None:
    """Measure the forms of a model: size, speed, memory.

    Example: headstart benchmark runs/flowers --forms onnx onnx-int8

    Each form runs in a process of its own, beside the library itself. Measure on a machine that does nothing else.
    """
    from headstart.workflows.benchmark import BenchmarkRequest, run_benchmark

    report = run_benchmark(model, BenchmarkRequest(tuple(forms or ()), seconds, threads, data), call.context)
    call.steps.close()
    if call.as_json:
        print_lines(report.warnings(call.texts), to_error=True)  # the list of forms has no place for it
    call.show(report)
