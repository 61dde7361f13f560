"""The section on when a model should not answer: what was promised, and whether it was kept on the scored examples."""

from collections.abc import Mapping, Sequence
from typing import Any

from headstart.data.name_checks import natural_key
from headstart.reporting.page.blocks import Block, Column, Facts, Fold, Paragraph, Section, Table, TableCell
from headstart.reporting.page.numbers import TO, PageText, count_text, decimal, percent
from headstart.reporting.page.scores import score_cell
from headstart.reporting.page.values import RunData, look_up, score_in
from headstart.reporting.policy_lines import refusal_code, too_few
from headstart.runtime.catalogue import Texts

Found = Mapping[str, Any]


def policy_section(run: RunData, texts: Texts) -> Section:
    """Show sets of classes, the threshold of confidence and the flag for unlike examples, each with what it kept."""
    scores: Found = run.metrics.get("guard") or {}
    broken = list(scores.get("broken") or ())
    blocks: list[Block] = []
    if broken:
        names = texts.join([texts.name("page.promise", name) for name in broken])
        blocks.append(Paragraph(texts.say("page.guard.broken", {"names": names}), "warning"))
    elif _rows(scores, broken, texts):
        blocks.append(Paragraph(texts.say("page.guard.kept"), "good"))
    answers: Found = scores.get("answers") or {}
    if answers and answers.get("threshold") is None:
        values = {name: PageText(percent(answers[name])) for name in ("wanted", "bound")}
        values["count"] = PageText(count_text(answers["held_out"]))
        sentence = texts.say(refusal_code(answers["bound"], answers["held_out"]), {**values, "few": too_few()})
        blocks.append(Paragraph(sentence, "warning"))
    promises, facts = _promises(run, broken, texts), tuple(_facts(scores, texts))
    if not promises.rows and not answers:
        return Section("guard", texts.say("page.section.guard"), (Paragraph(texts.say("page.guard.nothing"), "quiet"),))
    blocks += [promises] if promises.rows else []
    blocks += [Facts(facts)] if facts else []
    classes = _classes(look_up(scores, "sets", "per_class") or {}, texts)
    blocks += [Fold(texts.say("page.guard.per_class"), (classes,))] if classes.rows else []
    missing = [
        name for name, there in (("abstain", answers), ("unlike", look_up(scores, "novelty", "auroc"))) if not there
    ]
    blocks += [Paragraph(texts.say(f"page.guard.no_{name}"), "quiet") for name in missing]
    return Section("guard", texts.say("page.section.guard"), tuple(blocks))


def _promises(run: RunData, broken: Sequence[str], texts: Texts) -> Table:
    scores, leaked = run.metrics.get("guard") or {}, look_up(run.metrics, "leaked", "count") or 0
    names = ("promise", "asked", "measured", "verdict")
    columns = tuple(Column(texts.say(f"page.column.{name}"), number=name in ("asked", "measured")) for name in names)
    values = {"count": count_text(scores.get("count") or 0), "leaked": count_text(leaked)}
    caption = texts.say("page.guard.table_leaked" if leaked else "page.guard.table", values)
    return Table(caption, columns, tuple(_rows(scores, broken, texts)))


def _rows(scores: Found, broken: Sequence[str], texts: Texts) -> list[tuple[TableCell, ...]]:
    """One row for each promise, and one for the examples of another kind, where there were any."""
    sets, answers, novelty = (scores.get(name) or {} for name in ("sets", "answers", "novelty"))
    found = []
    if sets:
        found.append(("coverage", percent(sets["promised"], 0), score_in(sets, "coverage"), "coverage" in broken))
    if answers and answers.get("threshold") is not None:
        wanted = percent(answers["wanted"])
        found.append(("precision", wanted, score_in(answers, "precision"), "precision" in broken))
    if novelty:
        most = texts.say("page.guard.at_most", {"share": percent(novelty["promised"], 0)})
        found.append(("false alarms", most, score_in(novelty, "false_alarms"), "false alarms" in broken))
    rows: list[tuple[TableCell, ...]] = [
        (
            TableCell(texts.name("page.promise", name), texts.name("page.promise_note", name)),
            TableCell(asked),
            score_cell(score, share=True),
            TableCell(texts.say("page.guard.not_kept" if failed else "page.guard.fine")),
        )
        for name, asked, score, failed in found
    ]
    if novelty.get("unfamiliar"):
        values = {"name": novelty["unfamiliar"], "count": count_text(novelty["count"])}
        for name, share in (("found", True), ("auroc", False)):
            label = TableCell(texts.say(f"page.guard.{name}", values))
            rows.append((label, TableCell(TO), score_cell(score_in(novelty, name), share=share), TableCell("")))
    return rows


def _facts(scores: Found, texts: Texts) -> list[tuple[str, str]]:
    sets, answers, novelty = (scores.get(name) or {} for name in ("sets", "answers", "novelty"))
    size, single = score_in(sets, "size"), score_in(sets, "single")
    answered = score_in(answers, "answered")
    threshold, strange = answers.get("threshold"), novelty.get("threshold")
    rows = [
        ("size", size and decimal(size.value, 2)),
        ("single", single and percent(single.value)),
        ("threshold", None if threshold is None else percent(threshold)),
        ("answered", answered and percent(answered.value)),
        ("strange_from", None if strange is None else decimal(strange)),
        ("rule", sets and texts.name("page.set_rule", sets["rule"])),
        ("novelty", novelty and texts.name("page.novelty", novelty["method"])),
        ("held_out", sets and count_text(sets["held_out"])),
    ]
    return [(texts.say(f"page.guard.{name}"), str(value)) for name, value in rows if value]


def _classes(per_class: Found, texts: Texts) -> Table:
    rows = tuple(
        (TableCell(name), score_cell(score_in(per_class, name), share=True))
        for name in sorted(per_class, key=natural_key)
    )
    columns = (Column(texts.say("page.column.class"), number=False), Column(texts.say("page.promise.coverage")))
    return Table(texts.say("page.guard.per_class"), columns, rows, sortable=True)
