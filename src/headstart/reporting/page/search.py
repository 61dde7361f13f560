"""The section on ``search.json``: what lies nearest to each query, and how good the search is."""

from collections.abc import Mapping
from typing import Any

from headstart.reporting.page.blocks import Block, Column, Gallery, Paragraph, Section, Shown, Table, TableCell
from headstart.reporting.page.gallery import shown
from headstart.reporting.page.notices import notice_blocks
from headstart.reporting.page.numbers import count_text, decimal
from headstart.reporting.page.scores import score_cell
from headstart.reporting.page.values import Json, PageData, score_in
from headstart.runtime.catalogue import Texts
from headstart.runtime.text import beginning

SHOWN_QUERIES, SHOWN = 8, 12  # and results of each: a page is to stay below about three megabytes
MOST = 500  # letters of a text
TITLE = 90  # letters of a query in a heading


def search_section(page: PageData, search: Json, texts: Texts) -> Section:
    """Show the queries one by one, each with its nearest examples, and the scores on pairs."""
    queries = search.get("queries") or []
    values = {name: search.get(name) for name in ("encoder", "data")} | {"count": count_text(search.get("count") or 0)}
    blocks: list[Block] = [Paragraph(texts.say(f"page.search.{_unit(search)}", values))]
    if search.get("retrieval"):
        blocks.append(_scores(search["retrieval"], texts))
    blocks += [_results(page, one, texts) for one in queries[:SHOWN_QUERIES]]
    if len(queries) > SHOWN_QUERIES:
        blocks.append(Paragraph(texts.say("page.search.more", {"count": count_text(len(queries) - SHOWN_QUERIES)})))
    return Section("search", texts.say("page.section.search"), (*blocks, *notice_blocks((search,), texts)))


def query_preview(query: str) -> str:
    """Name the small copy of a query: no example has this name."""
    return f"? {query}"


def _unit(search: Json) -> str:
    return "of_sentences" if search.get("sentences") else "of_examples"


def _scores(retrieval: Json, texts: Texts) -> Table:
    rows = tuple(
        (TableCell(texts.name("studies.retrieval_score", name)), score_cell(score, share=name != "mrr"))
        for name in retrieval
        if (score := score_in(retrieval, name)) is not None
    )
    columns = (Column(texts.say("page.column.arm"), number=False), Column(texts.say("page.column.score")))
    values = {name: count_text(retrieval.get(name) or 0) for name in ("count", "depth")}
    return Table(texts.say("page.search.scores", values), columns, rows)


def _results(page: PageData, one: Json, texts: Texts) -> Gallery:
    """Show a query, and behind it what was found; the query alone has no rank."""
    query = str(one.get("query"))
    asked = shown(page, query_preview(query), (texts.say("page.search.query"),))
    first = [Shown(asked.uri, asked.lines, query, text=asked.text)] if asked.uri or asked.text else []
    near = [_near(page, result, texts) for result in (one.get("results") or [])[:SHOWN]]
    title = texts.say("page.search.title", {"query": beginning(query, TITLE)})
    return Gallery(title, texts.say("page.search.note", {"count": len(near)}), (*first, *near))


def _near(page: PageData, result: Mapping[str, Any], texts: Texts) -> Shown:
    values = {"rank": result.get("rank"), "score": decimal(float(result.get("score") or 0))}
    part = result.get("sentence") or {}
    lines = [texts.say("page.search.result", values)]
    lines += [texts.say("page.search.label", {"label": result["label"]})] if result.get("label") else []
    lines += [texts.say("page.search.sentence", {"number": part.get("number")})] if part else []
    name, said = str(result.get("path")), str(result.get("text") or "")
    return Shown("", tuple(lines), name, text=beginning(said, MOST)) if said else shown(page, name, lines)
