"""How the command line talks: results to standard output, everything else to standard error."""

import io
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from headstart.cli.language import SPEECH, translate
from headstart.errors import MODALITY, HeadstartError
from headstart.runtime.findings import Finding
from headstart.runtime.text import escape_control_characters

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

SPEAKS = os.environ.get("RANK", "0") == "0"  # of several processes that train together, the first one talks
LINE_AFTER_SECONDS = 2.0  # a step that takes longer says how far it is
LINE_EVERY_SECONDS = 10.0  # how often, where there is no terminal to draw a bar on
HEARD_BEFORE_ESTIMATE = 3  # times that a step has said how far it is


def write_every_script() -> None:
    """Let names in every script pass: files and pipes get UTF-8, a terminal shows as an escape what it cannot."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")


def print_json(value: Any) -> None:  # noqa: ANN401 - any plain data
    """Print one JSON value on standard output."""
    if SPEAKS:
        click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def render_line(line: object) -> str:
    """Return a line for people, in which nothing can write over the terminal; a finding in the language of the call."""
    said = line.render(SPEECH.texts.for_modality(line.modality)) if isinstance(line, Finding) else str(line)
    return "\n".join(map(escape_control_characters, said.split("\n")))


def print_lines(lines: Iterable[object], *, to_error: bool = False) -> None:
    """Print lines for people."""
    for line in lines if SPEAKS else ():
        click.echo(render_line(line), err=to_error)


@contextmanager
def explained(debug: bool, *, keeps: bool = False, resumes: bool = False) -> Iterator["Steps"]:
    """Turn errors into one clear line and an exit code: 1 for what went wrong, 130 for an interruption.

    Yields the progress display, which is closed before anything else is printed. ``keeps`` says that features computed
    before an interruption are kept, ``resumes`` that a training can go on from its last checkpoint.
    """
    steps = Steps()
    steps.keeps, steps.resumes = keeps, resumes  # what is read may tell the verb better
    try:
        yield steps
    except HeadstartError as error:
        steps.close()
        _stop_with(error.render(SPEECH.texts.for_modality(error.modality)), debug)
    except KeyboardInterrupt:
        steps.close()
        kept = "Features computed so far are kept; run the same command again to go on." if steps.keeps else ""
        kept = "Nothing is lost: run the same command again with --resume." if steps.resumes else kept
        sentences = map(translate, filter(None, ("Interrupted.", kept)))
        _stop(SPEECH.texts.find("runtime.between").join(sentences), 130, debug)
    except BrokenPipeError:  # the reader of a pipe went away, as `head` does: nothing to explain
        raise
    except OSError as error:
        steps.close()
        what = f"{error.strerror}: {error.filename}" if error.filename else str(error)
        refused = translate("The system refused a file operation. {what}. Check the path, its rights and the disk.")
        _stop_with(refused.format(what=what), debug)
    except MemoryError:
        steps.close()
        few = translate("There is not enough memory. Use fewer pictures or a smaller encoder.")
        _stop_with(SPEECH.texts.for_modality(MODALITY.get()).reword(few), debug)
    except (click.exceptions.Exit, click.BadParameter):
        raise
    except Exception as error:  # a mistake of ours: said in one line, with the way to report it
        steps.close()
        mistake = translate("This is a mistake in Headstart ({error}).").format(
            error=f"{type(error).__name__}: {error}"
        )
        hint = "" if debug else translate(" Run it again with --debug, and report what that prints.")
        _stop_with(mistake + hint, debug)
    finally:
        steps.close()


def _stop_with(error: str, debug: bool) -> None:
    _stop(translate("Error: {message}").format(message=error), 1, debug)


def _stop(message: str, code: int, debug: bool) -> None:
    if debug:
        traceback.print_exc(file=sys.stderr)
    click.echo(render_line(message), err=True)
    raise click.exceptions.Exit(code)


@dataclass(slots=True)
class _Pass:
    """A step under way: when it was first heard of and how far it was then, the last state, when to speak next."""

    started: float
    before: int
    total: int
    next_line: float
    done: int = 0
    heard: int = 0

    def left(self, now: float) -> str:
        """Say the time left; nothing while too little has been heard: the first part includes the start."""
        if self.heard < HEARD_BEFORE_ESTIMATE or self.done <= self.before or self.done >= self.total:
            return ""
        left = (now - self.started) / (self.done - self.before) * (self.total - self.done)
        return translate(", about {seconds:.0f} s left").format(seconds=left)


class Steps:
    """Progress on standard error: bars with the time left on a terminal, a line now and then elsewhere."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._terminal = sys.stderr.isatty()
        self._clock = clock
        self._bar: Bar | None = None
        self._tasks: dict[str, TaskID] = {}
        self._passes: dict[str, _Pass] = {}
        self.keeps = self.resumes = False  # see :func:`explained`

    def __call__(self, step: str, done: int, total: int, note: str | Finding = "") -> None:
        """Take note of the state of a step; one that falls back, or has another total, has begun anew."""
        if not SPEAKS:
            return
        now, step, note = self._clock(), translate(step), render_line(note)
        known = self._passes.get(step)
        if known is None or done < known.done or total != known.total:
            known = self._passes[step] = _Pass(now, done, total, now + LINE_AFTER_SECONDS)
            self._forget(step)
        known.done, known.heard = done, known.heard + 1
        if self._terminal:
            self._draw(step, done, total, note)
        elif now >= known.next_line:
            known.next_line = now + LINE_EVERY_SECONDS
            line = translate("{step}: {done} of {total}").format(step=step, done=done, total=total)
            print_lines([line + (translate(", ") + note if note else "") + known.left(now)], to_error=True)

    def _forget(self, step: str) -> None:
        """Take away the bar of a step that begins anew: its pace is no longer that of this one."""
        if self._bar is not None and step in self._tasks:
            self._bar.remove_task(self._tasks.pop(step))

    def notify(self, finding: Finding) -> None:
        """Print what should be read before a step is over."""
        self.close()
        print_lines([finding], to_error=True)

    def close(self) -> None:
        """Remove the bars."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
            self._tasks.clear()

    def _draw(self, step: str, done: int, total: int, note: str) -> None:
        if self._bar is None:
            self._bar = _new_bar()
            self._bar.start()
        if step not in self._tasks:
            self._tasks[step] = self._bar.add_task(step, total=total, completed=done)
        self._bar.update(self._tasks[step], completed=done, total=total, description=f"{step} {note}".rstrip())


def _new_bar() -> "Bar":
    from rich.console import Console  # rich only where something is drawn: it costs time at start
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
