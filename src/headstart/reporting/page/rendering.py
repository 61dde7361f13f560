"""The data of a page become the page: one file that needs nothing else."""

import base64
import hashlib
import re
from collections.abc import Callable
from functools import cache, partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from headstart.reporting.page.blocks import Section
from headstart.reporting.page.factors import factors_section
from headstart.reporting.page.numbers import count_text
from headstart.reporting.page.problems import data_section, problems_section
from headstart.reporting.page.provenance import environment_section, environments_of, model_section
from headstart.reporting.page.ranking import ranking_section
from headstart.reporting.page.scores import scores_section
from headstart.reporting.page.search import search_section
from headstart.reporting.page.summary import summarise, tiles
from headstart.reporting.page.training import training_section
from headstart.reporting.page.transfer import transfer_section
from headstart.reporting.page.values import PageData, look_up
from headstart.runtime.catalogue import TAGS, Language, Texts, texts_in
from headstart.runtime.text import escape_control_characters
from headstart.tasks.base import load_task
from headstart.version import __version__

if TYPE_CHECKING:
    from jinja2 import Environment

PAGE_TEMPLATE = "page.html.jinja"


def render_page(page: PageData, language: Language) -> str:
    """Write a page: a whole HTML file that loads nothing.

    The policy inside it allows the one style sheet and the one script that it holds, by their digests, and examples as
    data; nothing else, whatever names the data have.

    Parameters
    ----------
    page
        What to show; what is None is left out.
    language
        ``en`` or ``zh``.
    """
    environment = page_environment()
    texts = texts_in(language, page.modality)
    sections = [build(texts) for build in section_builders(page).values()]
    style, script = page_part("style.css"), page_part("sort.js")
    return environment.get_template(PAGE_TEMPLATE).render(
        {
            "language": TAGS[language],
            "title": escape_control_characters(page_title(page)),
            "meta": page_meta(page, texts),
            "summary": summarise(page, texts),
            "tiles": tiles(page, texts),
            "sections": sections,
            "say": texts.say,
            "style": style,
            "script": script,
            "policy": "; ".join(
                (
                    "default-src 'none'",
                    "img-src data:",
                    f"style-src '{digest_of(style)}'",
                    f"script-src '{digest_of(script)}'",
                    "base-uri 'none'",
                    "form-action 'none'",
                )
            ),
            "version": __version__,
        }
    )


def section_builders(page: PageData) -> dict[str, Callable[[Texts], Section]]:
    """Choose the sections that there is something for, in the order of a reader's questions, by their keys."""
    run, compare, rank, search = page.run, page.compare, page.rank, page.search
    found: dict[str, Callable[[Texts], Section]] = {}
    report = load_task(run.task).report() if run is not None else None
    whole = report is None or not report.alone
    if run is not None and report is not None:
        found |= ({"scores": partial(scores_section, run)} if whole else {}) | report.sections(page, run)
    if run is not None and run.history:
        found["training"] = partial(training_section, run)
    if compare is not None:
        found["transfer"] = partial(transfer_section, compare)
    if (run is not None and whole) or look_up(compare, "factors"):
        found["factors"] = partial(factors_section, run, compare)
    if rank is not None:
        found["ranking"] = partial(ranking_section, rank)
    if search is not None:
        found["search"] = partial(search_section, page, search)
    return found | _closing_sections(page, whole=whole)


def _closing_sections(page: PageData, *, whole: bool) -> dict[str, Callable[[Texts], Section]]:
    """Choose the sections on the data, the model and how to repeat it."""
    run, found = page.run, dict[str, Callable[[Texts], Section]]()
    if run is not None and whole:
        found["data"] = partial(data_section, run)
    if (run is not None and whole) or page.check is not None:
        found["problems"] = partial(problems_section, page)
    if run is not None:
        found["model"] = partial(model_section, run)
    if environments_of(page):
        found["environment"] = partial(environment_section, page)
    return found


def page_title(page: PageData) -> str:
    """Name the page: by its data, or, where they are not known, by its folder."""
    return str(
        look_up(page.run.metrics if page.run else None, "data")
        or look_up(page.check, "data")
        or look_up(page.search, "data")
        or page.name
    )


def page_meta(page: PageData, texts: Texts) -> tuple[str, ...]:
    """State below the title what the page is about: when, how many, by which encoder."""
    run = page.run
    if run is None:
        created = (str(look_up(study, "created") or "") for study in page.studies)
        return tuple(sorted({one[:10] for one in created if one}))
    classes = look_up(run.metrics, "classes") or []
    return (
        *((str(run.environment["started"])[:10],) if run.environment.get("started") else ()),
        texts.say("page.unit.pictures", {"count": count_text(run.examples)}),
        texts.say("page.unit.classes", {"count": count_text(len(classes))}) if classes else "",
        str(look_up(run.metrics, "encoder", "name") or ""),
    )


def digest_of(text: str) -> str:
    """Compute the digest by which a policy allows a style sheet or a script.

    Examples
    --------
    >>> digest_of("")
    'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='
    """
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


@cache
def page_part(name: str) -> str:
    """Read a file that lies beside the templates."""
    return (files("headstart.reporting.page") / "templates" / name).read_text(encoding="utf-8")


@cache
def page_environment() -> "Environment":
    """Set Jinja2 up: everything is escaped, and a name that does not exist is an error."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FunctionLoader(page_part),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clean"] = _clean
    environment.filters["own_markup"] = Markup  # of drawings, the style sheet and the script, which are ours
    return environment


def _clean(text: Any) -> str:  # noqa: ANN401 - whatever stands in a cell
    """Show control characters, and those that turn the direction of writing, as escapes."""
    return re.sub("[^\n\N{WORD JOINER}]+", lambda found: escape_control_characters(found[0]), str(text))
