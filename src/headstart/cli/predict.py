"""``headstart predict``."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import click

from headstart.cli import options
from headstart.cli.console import print_lines
from headstart.cli.language import translate
from headstart.cli.parameters import option
from headstart.cli.verb import Call, verb
from headstart.errors import DataError


class OutputFormat(StrEnum):
    """How predictions can be written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"

    @classmethod
    def of(cls, file: Path | None) -> "OutputFormat":
        """Read the form off the suffix of a file; a table when it tells nothing."""
        suffix = file.suffix.lower().removeprefix(".") if file else ""
        return cls(suffix) if suffix in list(cls) else cls.TABLE


@verb(
    *(
        "path_column",
        "text_column",
        "encoding",
        "images",
        "coverage",
        "abstain",
        "false_alarms",
        "reject_unlike",
        "strict",
        "max_megapixels",
        "json",
    ),
    json="The same as --format json.",
)
def predict(
    model: options.ModelFolder,
    paths: options.SomePaths = None,
    top: Annotated[int, option(min=1, help="How many classes to list for each picture.")] = 3,
    form: Annotated[
        OutputFormat | None,
        option("--format", help="How they are written.  [default: by the suffix of --out, else table]"),
    ] = None,
    text: options.TypedTexts = None,
    question: Annotated[str, option(help="What a model that answers questions about texts is asked.")] = "",
    out: Annotated[Path | None, option(help="Write to this file instead of standard output.")] = None,
    *,
    call: Call,
) -> None:
    """Say what pictures show or texts say, with probabilities.

    Example: headstart predict runs/flowers-1 rose.jpg --abstain 0.95
    """
    from headstart.workflows.model import change_policy, load
    from headstart.workflows.predict import allow, answer, list_typed, read_inputs, require_place, write_answers
    from headstart.workflows.text_parts.recognise import has_parts

    if not paths and not text:
        raise click.MissingParameter(param_hint="'PATHS'", param_type="argument")
    require_place(out, form_given=call.as_json or form is not None)
    chosen = "json" if call.as_json else (form or OutputFormat.of(out)).value
    if has_parts(model):
        asked = (question, str(call.given.get("text_column") or ""))
        _answer_parts(model, paths or [], text or [], asked, chosen, out)
        return
    if question:
        raise DataError("data.no_question")
    given = dict(call.given)
    strict = bool(given.pop("strict", False))
    table = {name: given.pop(name, "") for name in ("path_column", "text_column", "images")}
    opened = load(model)
    allow(opened.modality, {name: given.pop(name) for name in ("max_megapixels", "encoding") if name in given})
    opened = change_policy(opened, given) if given else opened
    inputs = list_typed(paths or (), text or (), sys.stdin.buffer.read, opened.encoder.spec.modality)
    examples = read_inputs(inputs, opened.encoder.spec.modality, **table)
    answers = answer(opened.encoder, opened.saved, examples, call.context, top=top, strict=strict)
    call.steps.close()
    texts = call.texts.for_modality(opened.encoder.spec.modality)
    if out is None:
        click.echo(answers.to_text(chosen, texts), nl=False)
    else:
        write_answers(answers, chosen, out, texts)
        _say_written(len(answers.predictions), out)
    print_lines(answers.lines(texts), to_error=True)


def _say_written(count: int, out: Path) -> None:
    print_lines([translate("{count} predictions written to {file}").format(count=count, file=out)], to_error=True)


def _answer_parts(  # six: the verb's own parameters
    model: Path, paths: list[str], texts: list[str], asked: tuple[str, str], form: str, out: Path | None
) -> None:
    """Answer with parts of texts."""
    from headstart.runtime.files import write_text
    from headstart.workflows.text_parts.answering import answer_parts, read_given
    from headstart.workflows.text_parts.model import load_parts

    opened = load_parts(model)
    answers = answer_parts(opened, read_given(opened, paths, texts, sys.stdin.buffer.read, *asked))
    if out is None:
        click.echo(answers.to_text(form), nl=False)
    else:
        write_text(out, answers.to_text(form))
        _say_written(len(answers.predictions), out)
