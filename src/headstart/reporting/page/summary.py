"""The page in three sentences: how good, what the transfer brought, what is wrong."""

from headstart.reporting.page.blocks import Tile
from headstart.reporting.page.numbers import count_text, percent, percent_range
from headstart.reporting.page.values import Json, PageData, score_in
from headstart.reporting.sections.base import TaskReport
from headstart.reporting.verdicts import transfer_verdicts
from headstart.runtime.catalogue import Texts
from headstart.tasks.base import load_task


def summarise(page: PageData, texts: Texts) -> tuple[str, ...]:
    """Summarise in three sentences what there is to say; of studies alone, in as many as there are studies."""
    if page.run is not None:
        report: TaskReport = load_task(page.run.task).report()
        return report.summarise(page, page.run, texts)
    said = transfer_verdicts(page.compare, texts)[:2] if page.compare else []
    if page.rank:
        said.append(_first_of_ranking(page.rank, texts))
    if page.check:
        said.append(_checked(page.check, texts))
    return tuple(sentence for sentence in said if sentence)


def tiles(page: PageData, texts: Texts) -> tuple[Tile, ...]:
    """Return the numbers to see at first sight."""
    if page.run is None:
        return ()
    report: TaskReport = load_task(page.run.task).report()
    return report.tiles(page.run, texts)


def _first_of_ranking(rank: Json, texts: Texts) -> str:
    rows = rank.get("ranking") or []
    accuracy = score_in(rows[0], "accuracy") if rows else None
    if accuracy is None:
        return ""
    values = {"name": rows[0]["encoder"], "accuracy": percent(accuracy.value), "range": percent_range(accuracy)}
    return texts.say("page.summary.rank", values)


def _checked(check: Json, texts: Texts) -> str:
    counts = check.get("counts") or {}
    kinds = ("exact_duplicate_sets", "near_duplicates", "label_errors", "outliers")
    values = {name: count_text(counts.get(name) or 0) for name in ("pictures", *kinds)}
    if counts.get("label_errors", 0) is None:
        values["label_errors"] = texts.say("page.summary.unchecked")
    poor = {str(path) for paths in (check.get("quality") or {}).values() for path in paths}  # one may be dark and empty
    return texts.say("page.summary.check", {**values, "poor": count_text(len(poor))})
