"""The page of a real run in a browser: both languages, wide and narrow, light and dark; skipped without Chromium."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

import study_files as studies
from headstart.data.demo_data import fruit_folder

CHROMIUM = os.environ.get("HEADSTART_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
WIDTHS = {"wide": 1280, "narrow": 390}
FRUIT = ("Golden-Delicious", "Granny-Smith", "Orange", "Satsumas")


@pytest.fixture(scope="module")
def fruit_run(lite0, session_cache, tmp_path_factory) -> Path:
    """What the demo does, with four kinds of fruit and ten pictures of each, and studies beside it."""
    import headstart as hs

    folder = tmp_path_factory.mktemp("fruit")
    source = fruit_folder(session_cache)
    for part, count in (("train", 6), ("test", 4)):
        for kind in FRUIT:
            (folder / "data" / part / kind).mkdir(parents=True)
            for picture in sorted((source / part / kind).iterdir())[:count]:
                shutil.copy(picture, folder / "data" / part / kind)
    hs.fit(folder / "data", out=folder / "run", cache=session_cache, head="ridge")
    hs.check(folder / "data", out=folder / "run", cache=session_cache)
    for kind, found in (("compare", studies.compare()), ("rank", studies.rank())):
        (folder / "run" / f"{kind}.json").write_text(json.dumps(found), encoding="utf-8")
    return folder / "run"


@dataclass
class Visit:
    """A page that is open, and what happened on it."""

    page: Any
    asked: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One browser for all tests."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, tmp_path) -> Iterator[Any]:
    """Open the page of a run; afterwards nothing may have gone wrong on it, and nothing may have been asked for."""
    from headstart.reporting.page.writing import write_page

    contexts: list[Any] = []
    visits: list[Visit] = []

    def open_page(folder: Path, language: str = "en", width: str = "wide", scheme: str = "light") -> Any:
        file = tmp_path / f"{language}.html"
        if not file.exists():
            write_page(folder, language, file)
        contexts.append(chromium.new_context(viewport={"width": WIDTHS[width], "height": 844}, color_scheme=scheme))
        page = contexts[-1].new_page()
        found = Visit(page)
        visits.append(found)
        page.on("request", lambda request: found.asked.append(request.url))
        page.on("pageerror", lambda error: found.faults.append(str(error)))
        page.on("console", lambda line: found.faults.append(line.text) if line.type in ("error", "warning") else None)
        page.on("dialog", lambda dialog: found.faults.append("a dialog: " + dialog.message))
        page.goto(file.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    for found in visits:
        assert [url for url in found.asked if not url.startswith(("file:", "data:image/jpeg;base64,"))] == []
        assert len([url for url in found.asked if url.startswith("file:")]) == 1
        assert found.faults == []


def violations(page: Any) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {[node['html'] for node in one['nodes']]}" for one in found]


def overflow(page: Any) -> int:
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", ["wide", "narrow"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_of_a_run_is_accessible_and_fits(visit, fruit_run, language, width, scheme):
    page = visit(fruit_run, language, width, scheme)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert overflow(page) == 0
    assert violations(page) == []
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 29)"}[scheme]


def test_the_bars_of_a_column_share_one_scale(visit, odd_run):
    page = visit(odd_run)
    edges = page.locator("#classes svg.bar").evaluate_all("all => all.map((one) => one.getBoundingClientRect().left)")
    texts = page.locator("#classes .beside-bar").all_inner_texts()
    assert len({len(text) for text in texts}) > 1  # 100.0 % is longer than 75.0 %
    assert max(edges) - min(edges) < 0.5


def test_on_a_phone_no_heading_is_broken_within_a_word_and_no_caption_is_cut(visit, fruit_run):
    page = visit(fruit_run, width="narrow")
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    lines = """all => all.filter((one) => !one.closest('.matrix') && !/\\s|-/.test(one.innerText.trim())).map((one) => {
        const range = document.createRange();
        range.selectNodeContents(one.querySelector('button') ?? one); // its text alone
        return [one.innerText, new Set([...range.getClientRects()].map((box) => box.top)).size];
    })"""
    words = page.locator("thead th").evaluate_all(lines)
    assert ["recall", 1] in words
    assert [word for word, count in words if count > 1] == []
    cut = page.locator("caption span").evaluate_all(
        "all => all.filter((one) => one.getBoundingClientRect().right > innerWidth).map((one) => one.textContent)"
    )
    assert cut == []


def test_photographs_and_drawings_are_shown(visit, fruit_run):
    page = visit(fruit_run)
    widths = page.evaluate("[...document.images].map((one) => one.naturalWidth)")
    assert len(widths) >= 8 and min(widths) > 100
    boxes = page.evaluate(
        "[...document.querySelectorAll('svg.drawing')].map((one) => one.getBoundingClientRect().width)"
    )
    assert len(boxes) == 4 and min(boxes) > 300
    paths = page.locator("svg.drawing path")
    colours = paths.evaluate_all("all => all.map((one) => getComputedStyle(one).stroke + getComputedStyle(one).fill)")
    assert any("rgb(11, 92, 173)" in one for one in colours)  # the page's blue has reached the drawings


def test_a_table_is_sorted_by_a_click_and_by_the_keyboard(visit, fruit_run):
    page = visit(fruit_run)
    table = page.locator("#classes table")
    names = table.locator("tbody th")
    assert names.all_inner_texts() == list(FRUIT)
    table.locator("thead button").first.click()
    table.locator("thead button").first.click()
    assert names.all_inner_texts() == list(reversed(FRUIT))
    assert table.locator("thead th").first.get_attribute("aria-sort") == "descending"
    table.locator("thead button").nth(3).focus()  # recall
    page.keyboard.press("Enter")
    recalls = table.locator("tbody td:nth-child(4)").evaluate_all(
        "cells => cells.map((one) => Number(one.dataset.value))"
    )
    assert recalls == sorted(recalls)
    assert table.locator("thead th").nth(3).get_attribute("aria-sort") == "ascending"
    assert table.locator("[aria-sort]").count() == 1


def test_names_in_html_are_shown_as_they_are_and_the_page_still_fits(visit, odd_run):
    page = visit(odd_run, "zh", "narrow")
    assert overflow(page) == 0
    assert "<script>alert('class')</script>" in page.locator("#classes").inner_text()
    assert page.locator("#classes script, #pictures [onerror]").count() == 0
    assert violations(page) == []


def test_the_page_prints_light_and_without_its_navigation(visit, fruit_run):
    page = visit(fruit_run, scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    page.set_viewport_size({"width": 680, "height": 960})  # A4 between its margins
    assert overflow(page) == 0
    assert page.evaluate("getComputedStyle(document.querySelector('main')).color") == "rgb(0, 0, 0)"
    assert page.locator("nav").is_hidden()
    assert len(page.pdf()) > 50_000


def test_the_largest_matrix_goes_on_a_sheet(chromium, odd_page):
    from headstart.reporting.page.rendering import render_page

    names = [f"A-Class-With-A-Long-Name-{number}" for number in range(24)]
    counts = [[10 if row == column else 1 for column in range(24)] for row in range(24)]
    evaluation = {**odd_page.run.metrics["evaluation"], "classes": names, "confusion": counts}
    run = replace(odd_page.run, metrics={**odd_page.run.metrics, "evaluation": evaluation})
    page = chromium.new_page(viewport={"width": 680, "height": 960})  # A4 between its margins
    page.set_content(render_page(replace(odd_page, run=run), "en"))
    page.emulate_media(media="print")
    assert page.locator(".matrix tbody tr").count() == 24
    assert page.locator(".matrix").evaluate("one => one.getBoundingClientRect().right") <= 680
    page.close()
