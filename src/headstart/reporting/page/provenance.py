"""Sections on where a result comes from: the model and its licence, the machine, the command to repeat it."""

import shlex
from collections.abc import Mapping
from typing import Any

from headstart.encoders.spec import NO_WEIGHTS
from headstart.metrics.values import Metrics
from headstart.reporting.page.blocks import Block, Code, Column, Facts, Fold, Paragraph, Section, Table, TableCell
from headstart.reporting.page.numbers import TO, count_text, decimal, percent
from headstart.reporting.page.values import Json, PageData, RunData, look_up
from headstart.runtime.catalogue import Texts
from headstart.tasks.base import load_task


def model_section(run: RunData, texts: Texts) -> Section:
    """Show the encoder with its licence, and the heads that were compared."""
    encoder: Mapping[str, Any] = look_up(run.metrics, "encoder") or {}
    blocks: list[Block] = [Facts(tuple(_encoder_facts(encoder, run, texts)))]
    if encoder.get("weights_digest") != NO_WEIGHTS:
        blocks.append(Paragraph(texts.say("page.model.licence_note"), "quiet"))
    if look_up(run.metrics, "head", "candidates"):
        blocks.append(_heads_table(run, texts))
    return Section("model", texts.say("page.section.model"), tuple(blocks))


def _encoder_facts(encoder: Mapping[str, Any], run: RunData, texts: Texts) -> list[tuple[str, str]]:
    size = [look_up(encoder, "preprocessing", side) for side in ("width", "height")]
    head = run.metrics.get("head") or {}
    given = (head.get("settings") or {}).items()
    settings = texts.join([f"{name} = {_setting(value)}" for name, value in given], "comma")
    temperature = head.get("temperature")
    rows = [
        ("encoder", encoder.get("name")),
        ("architecture", encoder.get("architecture")),
        ("licence", encoder.get("licence")),
        ("source", encoder.get("source")),
        ("dimension", count_text(encoder["dimension"]) if encoder.get("dimension") else None),
        ("input", f"{size[0]} × {size[1]}" if all(size) else None),
        ("engine", texts.join([encoder[one] for one in ("engine", "precision") if encoder.get(one)], "comma")),
        ("digest", encoder.get("weights_digest")),
        ("head", f"{head['name']} ({settings})" if head.get("name") and settings else head.get("name")),
        ("temperature", decimal(temperature) if isinstance(temperature, float) else None),
    ]
    return [(texts.say(f"page.model.{name}"), str(value)) for name, value in rows if value]


def _heads_table(run: RunData, texts: Texts) -> Table:
    found = look_up(run.metrics, "head", "candidates") or []
    chosen = look_up(run.metrics, "head", "name")
    metrics: Metrics = load_task(run.task).metrics
    rows = tuple(
        (
            TableCell(
                texts.name("page.head", one["name"]), texts.say("page.model.chosen") if one["name"] == chosen else ""
            ),
            TableCell((percent if metrics.name in metrics.shares else decimal)(one[metrics.name])),
            TableCell(decimal(one[metrics.loss])),
            TableCell(TO if one.get("setting") is None else _setting(one["setting"])),
        )
        for one in found
    )
    names = ("head", metrics.name, metrics.loss, "setting")
    columns = tuple(Column(texts.name("page.column", name), number=name not in ("head", "setting")) for name in names)
    mark = next((place for place, one in enumerate(found) if one["name"] == chosen), -1)
    return Table(texts.say("page.model.heads"), columns, rows, mark=mark)


def _setting(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def environments_of(page: PageData) -> list[Json]:
    """Return what is known of how each part of a page was made: the run first, then the studies that say it."""
    studies = (look_up(study, "environment") for study in page.studies)
    return [*([page.run.environment] if page.run else []), *(one for one in studies if one)]


def environment_section(page: PageData, texts: Texts) -> Section:
    """Show how to repeat what is on the page, and what it was run on."""
    made = environments_of(page)
    environment = made[0]
    packages = {name: found for name, found in (environment.get("packages") or {}).items() if found}
    commands = [typed_command(one) for one in made]
    if page.run is not None and commands[0] is None:
        commands[0] = "headstart fit DATA --recipe recipe.toml"  # what a Python program did
    blocks: list[Block] = [
        Paragraph(texts.say("page.environment.lead")),
        *(Code(texts.say("page.environment.command"), command) for command in dict.fromkeys(commands) if command),
    ]
    if packages:
        pins = " ".join(shlex.quote(f"{name}=={found}") for name, found in packages.items())
        blocks.append(Code(texts.say("page.environment.install"), f"pip install {pins}"))
    rows = [
        ("started", environment.get("started")),
        ("python", environment.get("python")),
        ("platform", environment.get("platform")),
        ("cores", environment.get("cores")),
        *(_run_rows(page.run) if page.run else ()),
    ]
    blocks.append(
        Facts(tuple((texts.say(f"page.environment.{name}"), str(value)) for name, value in rows if value is not None))
    )
    if page.run is not None and page.run.recipe_text:
        blocks.append(Fold(texts.say("page.environment.recipe"), (Code("recipe.toml", page.run.recipe_text.rstrip()),)))
    return Section("environment", texts.say("page.section.environment"), tuple(blocks))


def _run_rows(run: RunData) -> tuple[tuple[str, object], ...]:
    seconds = run.metrics.get("seconds")
    return (
        ("seconds", f"{seconds:.1f} s" if isinstance(seconds, int | float) else None),
        ("seed", run.recipe.get("seed")),
        ("digest", look_up(run.metrics, "data_digest")),
    )


def typed_command(environment: Json) -> str | None:
    """Return the command to type again; None for what a Python program did.

    Examples
    --------
    >>> typed_command({"command": ["/usr/bin/headstart", "fit", "my flowers/", "--seed", "1"]})
    "headstart fit 'my flowers/' --seed 1"
    >>> typed_command({"command": ["train.py"]}) is None
    True
    """
    command = [str(word) for word in environment.get("command") or []]
    program = command[0].replace("\\", "/").rpartition("/")[2] if command else ""
    if program in ("headstart", "headstart.exe") or (command[:1] and command[0].endswith("__main__.py")):
        return shlex.join(["headstart", *command[1:]])
    return None
