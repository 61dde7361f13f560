"""Sections on the data: how many examples of what, and what is wrong with them."""

from collections.abc import Mapping, Sequence
from typing import Any

from headstart.metrics.values import Score
from headstart.reporting.page.blocks import (
    Block,
    Column,
    Facts,
    Gallery,
    Paragraph,
    Points,
    Section,
    Shown,
    Table,
    TableCell,
)
from headstart.reporting.page.gallery import shown
from headstart.reporting.page.notices import notice_blocks
from headstart.reporting.page.numbers import PageText, count_text, percent, percent_range, points
from headstart.reporting.page.values import Json, PageData, RunData, look_up, score_in
from headstart.reporting.page.words import words_blocks
from headstart.reporting.verdicts import cleaning_code
from headstart.runtime.catalogue import Texts
from headstart.tasks.base import load_task

NAMED = 5  # of a long list
SHOWN_PAIRS, SHOWN_ERRORS, SHOWN_OTHERS = 6, 12, 6
SPLITS = ("train", "validation", "test")
SAID = ("data.twins",)  # notices that a sentence on the audit says, too


def data_section(run: RunData, texts: Texts) -> Section:
    """Show the parts of the data and how they were made."""
    blocks: list[Block] = [Paragraph(_split_sentence(run, texts)), Facts(tuple(_data_facts(run, texts)))]
    parts = _parts_table(run, texts)
    if parts.rows:
        blocks.append(parts)
    return Section("data", texts.say("page.section.data"), tuple(blocks))


def _split_sentence(run: RunData, texts: Texts) -> str:
    if run.folds:
        repeats = run.recipe.get("repeats") or 1
        return texts.say(
            "page.data.folds" if repeats == 1 else "page.data.repeated", {"folds": run.folds, "repeats": repeats}
        )
    own = [split for split, part in run.counts.parts if split and part == "score"]
    part, seed, shots = load_task(run.task).target.stratum, run.recipe.get("seed"), run.recipe.get("shots", -1)
    scored = {"scored": texts.name("page.split", own[0])} if own else {}
    if look_up(run.metrics, "counts", "fit") == 0:
        return texts.say("page.data.names_own" if own else "page.data.names", scored)
    if shots > 0:
        drawn = {"shots": shots, "seed": seed, "part": part}
        return texts.say("page.data.shots_own" if own else "page.data.shots", {**drawn, **scored})
    if own and any(split not in own for split, part in run.counts.parts if part == "fit"):
        fitted = dict.fromkeys(split or "train" for split, part in run.counts.parts if part == "fit")
        values = {
            "fitted": texts.join([texts.name("page.split", name) for name in SPLITS if name in fitted]),
            **scored,
        }
        return texts.say("page.data.own_split", values)
    fraction = run.recipe.get("test_fraction")
    if fraction is None:
        return texts.say("page.data.unknown_split")
    drawn = {"share": percent(float(fraction), 0), "seed": seed, "part": part}
    sentence = texts.say("page.data.drawn_split", drawn)
    return sentence + (texts.say("page.data.grouped") if run.counts.groups else "")


def _parts_table(run: RunData, texts: Texts) -> Table:
    """Show what became of the parts that the data brought; no rows where it brought none."""
    named = [split for split in SPLITS if any(split == own for own, _ in run.counts.parts)]
    uses = ("fit", "score", "left out")
    rows = tuple(
        (
            TableCell(texts.name("page.split", split)),
            *(TableCell(count_text(run.counts.parts.get((split, use), 0))) for use in uses),
        )
        for split in named
    )
    names = ("part", "fitted", "scored", "left_out")
    columns = tuple(Column(texts.say(f"page.column.{name}"), number=name != "part") for name in names)
    return Table(texts.say("page.data.table"), columns, rows)


def _data_facts(run: RunData, texts: Texts) -> list[tuple[str, str]]:
    audit = look_up(run.metrics, "audit") or {}
    fitted, scored = (count_text(look_up(run.metrics, "counts", part) or 0) for part in ("fit", "score"))
    rows = [(texts.say("page.data.parts"), texts.say("page.data.parts_value", {"fitted": fitted, "scored": scored}))]
    sizes = audit.get("sizes") or {}
    if sizes:
        values = {f"{name[0]}{place}": size for name, three in sizes.items() for place, size in enumerate(three)}
        rows.append((texts.say("page.data.size"), texts.say("page.data.size_value", values)))
    if run.counts.groups:
        rows.append((texts.say("page.data.groups"), count_text(run.counts.groups)))
    if audit.get("imbalance"):
        rows.append((texts.say("page.data.imbalance"), f"{audit['imbalance']:.1f}"))
    return rows


def problems_section(page: PageData, texts: Texts) -> Section:
    """Show what the check before the run found, and what ``headstart check`` found."""
    blocks: list[Block] = []
    if page.run is not None:
        found = _audit_sentences(page.run.metrics, texts)
        blocks.append(Points(tuple(found)) if found else Paragraph(texts.say("page.problems.none"), "good"))
        blocks += notice_blocks((look_up(page.run.metrics, "audit") or {}, page.run.metrics), texts, SAID)
    elif page.check is not None:  # a run has said the same
        found = _audit_sentences(page.check, texts)
        blocks += [Points(tuple(found))] if found else []
        blocks += notice_blocks((look_up(page.check, "audit") or {},), texts, SAID)
    if page.check is not None:
        blocks += _check_blocks(page, page.check, texts)
    elif page.run is not None:
        blocks.append(Paragraph(texts.say("page.problems.more"), "quiet"))
    return Section("problems", texts.say("page.section.problems"), tuple(blocks))


def _audit_sentences(metrics: Json, texts: Texts) -> list[str]:
    audit: Mapping[str, Any] = look_up(metrics, "audit") or {}
    found = []
    unreadable = [one["path"] for one in audit.get("unreadable") or []]
    unreadable += list(look_up(metrics, "features", "failures") or {})
    same, near = (audit.get(f"{kind}_across_splits") or [] for kind in ("duplicates", "near_copies"))
    lists: tuple[tuple[str, Sequence[Any]], ...] = (
        ("unreadable", unreadable),
        ("duplicates_across", same),
        ("near_across", near),
        ("near_more" if near else "near", [one for one in audit.get("near_copies") or [] if one not in near]),
        ("conflicts", audit.get("label_conflicts") or []),
        (
            "duplicates_more" if same else "duplicates",
            [one for one in audit.get("duplicates") or [] if one not in same],
        ),
        ("suffixes", audit.get("wrong_suffixes") or []),
        ("twins", audit.get("class_twins") or []),
        ("tiny", [f"{name} ({count})" for name, count in (audit.get("tiny_classes") or {}).items()]),
    )
    for key, items in lists:
        if items:
            values = {"count": count_text(len(items)), "names": _some_names(items, texts)}
            found.append(texts.say(f"page.problems.{key}", values))
    ratio = audit.get("imbalance") or 1
    if ratio >= 3:
        found.append(texts.say("page.problem.uneven", {"times": f"{ratio:.1f}"}))
    return found


def _some_names(items: Sequence[Any], texts: Texts) -> str:
    """Name the first few: of sets, the members of the first."""
    first = items[0]
    names = [str(one) for one in (first if isinstance(first, list) else items)]
    return texts.first(names, "comma", NAMED)


# --- headstart check ------------------------------------------------------------------------------------------------


def _check_blocks(page: PageData, check: Json, texts: Texts) -> list[Block]:
    blocks: list[Block] = [_count_table(check, texts)]
    pairs = _pair_gallery(page, check, texts)
    if pairs.examples:
        blocks.append(pairs)
    for key, most in (("label_errors", SHOWN_ERRORS), ("outliers", SHOWN_OTHERS), ("quality", SHOWN_OTHERS)):
        rows = _entries(check.get(key))
        if rows:
            shown = tuple(_shown(page, row, texts) for row in rows[:most])
            note = texts.say("page.check.shown", {"shown": len(shown), "count": count_text(len(rows))})
            blocks.append(Gallery(texts.say(f"page.check.{key}"), note, shown))
    worst = _group_table(check.get("groups") or [], texts)
    blocks += [worst] if worst.rows else []
    words: dict[str, list[str]] = {}
    for one in check.get("words") or []:
        shares = texts.say(
            "page.words.shares", {"inside": percent(one["inside"], 0), "outside": percent(one["outside"], 0)}
        )
        words.setdefault(str(one["label"]), []).append(f"{one['term']} {shares}")
    blocks += words_blocks(words, "telling", texts)
    cleaning = check.get("cleaning")
    blocks += [Paragraph(_cleaning_sentence(cleaning, texts))] if cleaning else []
    return [*blocks, *notice_blocks((check,), texts)]


def _count_table(check: Json, texts: Texts) -> Table:
    counts = check.get("counts") or {}
    rows = tuple(
        (TableCell(texts.name("page.check_count", str(name))), TableCell(count_text(number), value=float(number)))
        for name, number in counts.items()
        if isinstance(number, int | float)
    )
    columns = (Column(texts.say("page.column.found"), number=False), Column(texts.say("page.column.count")))
    return Table(texts.say("page.check.counts"), columns, rows)


def _entries(value: Any) -> list[Mapping[str, Any]]:  # noqa: ANN401 - a list of objects, or lists of them by kind
    if isinstance(value, Mapping):  # an example may be several of these
        kinds: dict[str, list[str]] = {}
        for kind, rows in value.items():
            for one in _entries(rows):
                kinds.setdefault(str(one.get("path", "")), []).append(kind)
        return [{"path": path, "issues": found} for path, found in kinds.items()]
    return [one if isinstance(one, Mapping) else {"path": one} for one in value] if isinstance(value, list) else []


def paths_to_show(check: Json) -> list[str]:
    """List the examples that the section on a check shows.

    Examples
    --------
    >>> paths_to_show({"label_errors": [{"path": "a.jpg"}], "near_duplicates": [{"one": "b.jpg", "other": "c.jpg"}]})
    ['b.jpg', 'c.jpg', 'a.jpg']
    """
    names = [name for pair in _pairs(check)[:SHOWN_PAIRS] for name in pair]
    for key, most in (("label_errors", SHOWN_ERRORS), ("outliers", SHOWN_OTHERS), ("quality", SHOWN_OTHERS)):
        names += [str(row.get("path", "")) for row in _entries(check.get(key))[:most]]
    return [name for name in names if name]


def _pairs(check: Json) -> list[list[str]]:
    """Name the pairs of near-duplicates, those across parts first."""
    return [[str(row["one"]), str(row["other"])] for row in _pair_rows(check)]


def _pair_rows(check: Json) -> list[Mapping[str, Any]]:
    rows = [row for row in _entries(check.get("near_duplicates")) if row.get("one") and row.get("other")]
    return sorted(rows, key=lambda row: -len(row.get("parts") or ()))


def _pair_gallery(page: PageData, check: Json, texts: Texts) -> Gallery:
    rows = _pair_rows(check)
    shown = tuple(one for row in rows[:SHOWN_PAIRS] for one in _pair(page, row, texts))
    note = texts.say("page.check.pairs_note", {"shown": len(shown) // 2, "count": count_text(len(rows))})
    return Gallery(texts.say("page.check.near_duplicates"), note, shown, pairs=True)


def _pair(page: PageData, row: Mapping[str, Any], texts: Texts) -> list[Shown]:
    """Show both examples of a pair, each with its label; what makes the pair a fault stands below both."""
    parts = [texts.name("page.split", part) for part in row.get("parts") or ()]
    labels = row.get("labels") or ("", "")
    across = (texts.say("page.check.across", {"parts": texts.join(parts)}),) if len(parts) > 1 else ()
    found = []
    for name, label in zip((str(row["one"]), str(row["other"])), labels, strict=True):
        lines = (*((str(label),) if label else ()), *across)
        found.append(shown(page, name, lines, wrong=bool(across)))
    return found


def _shown(page: PageData, row: Mapping[str, Any], texts: Texts) -> Shown:
    name = str(row.get("path", ""))
    lines = []
    if row.get("label"):
        lines.append(texts.say("page.check.label", {"label": row["label"]}))
    if row.get("suggested"):
        sure = row.get("confidence")
        values = {"label": row["suggested"], "confidence": percent(sure, 0) if isinstance(sure, int | float) else ""}
        lines.append(texts.say("page.check.likely_sure" if values["confidence"] else "page.check.likely", values))
    if row.get("issues"):
        lines.append(texts.join([texts.name("page.issue", kind) for kind in row["issues"]]))
    return shown(page, name, lines)


def _group_table(groups: Sequence[Mapping[str, Any]], texts: Texts) -> Table:
    """Show the classes and groups that are recognised worst when held out."""
    rows = tuple(
        (
            TableCell(str(one.get("name"))),
            TableCell(texts.name("page.group_kind", str(one.get("kind")))),
            TableCell(count_text(one.get("count") or 0)),
            TableCell(percent(score.value), percent_range(score), score.value),
        )
        for one in groups[:NAMED]
        if (score := _accuracy_of(one)) is not None
    )
    names = ("name", "kind", "pictures", "recognised")
    columns = tuple(Column(texts.say(f"page.column.{name}"), number=name not in ("name", "kind")) for name in names)
    return Table(texts.say("page.check.groups"), columns, rows)


def _accuracy_of(row: Mapping[str, Any]) -> Score | None:
    return score_in(
        {"accuracy": {"value": row.get("accuracy"), "low": row.get("low"), "high": row.get("high")}}, "accuracy"
    )


def _cleaning_sentence(cleaning: Mapping[str, Any], texts: Texts) -> str:
    """Describe what leaving the suspect examples out changes."""
    found = score_in({"value": cleaning.get("difference"), "low": cleaning.get("low"), "high": cleaning.get("high")})
    if not cleaning.get("left_out") or found is None:
        return texts.say("reporting.nothing_suspect")
    numbers = {"points": points(found.value), "low": points(found.low), "high": points(found.high)}
    values = {"count": count_text(cleaning["left_out"]), **numbers}
    return texts.say(cleaning_code(found), {name: PageText(value) for name, value in values.items()})
