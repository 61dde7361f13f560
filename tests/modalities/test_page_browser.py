"""The pages of servers for models of texts and of rows, in a real browser; skipped where there is no Chromium."""

import csv
import json
import os
from collections.abc import Iterator

import pytest
from sklearn.datasets import load_wine

from served import CHROMIUM, application, listening

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
WINE = load_wine()
BAD = "<b>bad</b>"


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    """One browser for all tests."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def texts(reviews) -> Iterator[str]:
    with application(reviews) as app, listening(app) as address:
        yield address


@pytest.fixture(scope="module")
def rows(wine) -> Iterator[str]:
    with application(wine) as app, listening(app) as address:
        yield address


@pytest.fixture
def visit(chromium) -> Iterator[object]:
    """Open a page on a telephone; afterwards nothing may have gone wrong in it, or have gone to another address."""
    contexts, faults, asked, known = [], [], [], ["blob:", "data:"]

    def open_page(address: str, path: str = "", **settings: object) -> object:
        known.append(address)
        small = {"viewport": {"width": 390, "height": 844}, "bypass_csp": True, "locale": "en-GB"}
        contexts.append(chromium.new_context(**small | settings))
        page = contexts[-1].new_page()
        page.set_default_timeout(15_000)
        page.on("request", lambda one: asked.append(one.url))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: faults.append("a dialog: " + dialog.message))
        page.goto(address + path)
        page.locator("html[data-ready]").wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith(tuple(known))] == []
    assert faults == []


def require_sound(page: object) -> None:
    """Nothing is wider than the telephone, and axe finds nothing; HEADSTART_SHOT keeps a picture of it."""
    from axe_playwright_python.sync_playwright import Axe

    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    found = Axe().run(page).response["violations"]
    assert [f"{one['id']}: {[node['html'] for node in one['nodes']]}" for one in found] == []
    if os.environ.get("HEADSTART_SHOT"):
        page.screenshot(path=f"{os.environ['HEADSTART_SHOT']}{abs(hash(page.url))}.png", full_page=True)


def choose(page: object, name: str, content: bytes) -> None:
    page.set_input_files("#choose", [{"name": name, "mimeType": "text/plain", "buffer": content}])


def ask(page: object, typed: str, *, lines: bool = True) -> None:
    page.locator("#box").fill(typed)
    page.locator("#lines").set_checked(lines)
    page.locator("#form button").click()


def answers(page: object, count: int) -> list[str]:
    page.locator(".card").nth(count - 1).wait_for()
    return page.locator(".answer > span:first-child").all_inner_texts()


@pytest.mark.parametrize(("scheme", "locale", "heading"), [("light", "en-GB", "What does your text say?"),
                                                            ("dark", "zh-CN", "您的文本说明什么？")])  # fmt: skip
def test_each_line_is_answered_and_its_words_are_coloured_and_weighed(visit, texts, scheme, locale, heading):
    page = visit(texts, locale=locale, color_scheme=scheme, permissions=["clipboard-read", "clipboard-write"])
    assert page.locator("h1").inner_text() == heading
    ask(page, "a warm <i>dull</i> bright film\n\ndull and 👍 cold")
    assert answers(page, 2) == ["good", BAD]
    assert page.locator(".said").all_inner_texts() == ["a warm <i>dull</i> bright film", "dull and 👍 cold"]
    assert page.locator(".said i, .card b").count() == 0
    page.locator("#language").click()  # keeps what was typed, and the answers
    assert page.locator("#box").input_value() == "a warm <i>dull</i> bright film\n\ndull and 👍 cold"
    assert answers(page, 2) == ["good", BAD] and page.locator("h1").inner_text() != heading
    page.locator("#language").click()
    page.locator(".card-actions button").first.click()
    first, second = page.locator(".said").all()
    first.locator(".for").first.wait_for()
    assert first.inner_text() == "a warm <i>dull</i> bright film"
    assert first.locator(".for").all_inner_texts() == ["warm", "bright"]
    assert first.locator(".against").all_inner_texts() == ["<i>dull</i>"]
    assert first.locator(".for").first.get_attribute("title").startswith("+")
    assert page.locator(".weights li").all_inner_texts()[-1].startswith("<i>dull</i> −")  # not by colours alone
    page.locator(".card-actions button").click()
    second.locator(".for").first.wait_for()
    assert second.inner_text() == "dull and 👍 cold"
    require_sound(page)
    page.locator("#copy").click()
    page.locator("#progress[data-word='results.copied']").wait_for()
    copied = json.loads(page.evaluate("navigator.clipboard.readText()"))["predictions"]
    assert [(one["text"], one["label"]) for one in copied] == [
        ("a warm <i>dull</i> bright film", "good"), ("dull and 👍 cold", BAD),
    ]  # fmt: skip


def test_texts_of_tables_are_shown_whole_and_taken_away_as_a_table_that_no_spreadsheet_runs(visit, texts):
    page = visit(texts)
    long = "=HYPERLINK(a) dull " + "and so on " * 20 + "cold"
    choose(page, "new.csv", f'review,n\n"{long}",1\na warm film,2\n'.encode())
    assert answers(page, 2) == [BAD, "good"]
    assert page.locator(".said").first.inner_text() == long
    page.locator(".card-actions button").last.click()
    page.locator(".said .for").first.wait_for()
    ask(page, "dull\ncold\nslow", lines=False)
    assert answers(page, 3)[0] == BAD
    with page.expect_download() as download:
        page.locator("#table").click()
    with open(download.value.path(), encoding="utf-8-sig", newline="") as file:
        found = [(row["text"], row["label"]) for row in csv.DictReader(file)]
    assert found == [(f"'{long}", BAD), ("a warm film", "good"), ("dull\ncold\nslow", BAD)]


def test_what_cannot_be_read_is_explained_before_or_after_it_is_sent(visit, texts):
    page = visit(texts)
    assert page.locator("#limit").inner_text() == "At most 20,000 characters a text"
    trouble = page.locator("#trouble")
    for typed, code in ((" \n", "no_text_typed"), ("x" * 200_000, "too_long_text")):
        ask(page, typed)
        page.locator(f"#trouble[data-word='error.{code}']").wait_for()
    choose(page, "b.csv", b"a\n1\n")
    page.locator("#trouble[data-word='error.no_text_column']").wait_for()
    ask(page, "?!\na warm film")
    assert answers(page, 2) == ["good"] and trouble.is_hidden()
    assert page.locator(".card .notice").inner_text() == "This text holds signs only, and no letter or number."


def test_the_docs_say_what_to_send_as_json(visit, texts):
    page = visit(texts, "docs")
    page.locator(".operation").nth(3).wait_for()
    shown = page.locator(".operations").inner_text()
    assert '{"text":"..."}' in shown and '{"texts":["...","..."]}' in shown
    assert "Say what is on one or several texts." in shown and "picture" not in shown.lower()
    require_sound(page)


@pytest.mark.parametrize(("scheme", "locale", "rights"), [("light", "en-GB", "100% right"),
                                                           ("dark", "zh-CN", "100% 正确")])  # fmt: skip
def test_typed_lines_are_learnt_at_once_tried_corrected_and_taken_back(visit, texts, scheme, locale, rights):
    page = visit(texts, "teach", locale=locale, color_scheme=scheme)
    page.locator("html[data-filled]").wait_for()
    for number, (name, said) in enumerate((("<i>bad</i>", "dull cold {}"), ("good", "fine warm {} <script>"))):
        card = page.locator(".class").nth(number)
        card.locator("input[type=text]").fill(name)
        card.locator("input[type=text]").press("Enter")
        card.locator("textarea").fill("\n".join(said.format(word) for word in ("film", "moving", "slow", "bright")))
        card.locator("textarea").press("Control+Enter")
        card.locator(".thumbs li").nth(3).wait_for()
    page.locator(".headline").wait_for()
    assert page.locator(".headline").inner_text() == rights
    assert page.locator(".class .said").last.inner_text() == "fine warm film <script>"
    page.locator("#try-box").fill("warm and fine")
    page.locator("#try-box").press("Control+Enter")
    page.locator("#try-answer .bars").wait_for()
    assert page.locator("#try-answer .answer > span").first.inner_text() == "good"
    page.locator("#correct-classes button").first.click()  # "no: it is bad"
    page.locator(".class").first.locator(".thumbs li").nth(4).wait_for()
    page.locator("#undo").click()
    page.locator(".class").last.locator(".thumbs li").first.wait_for(state="detached")
    assert page.locator(".thumbs li").count() == 5
    require_sound(page)
    page.reload()
    page.locator("html[data-filled]").wait_for()
    assert page.locator(".class .said").all_inner_texts()[0] == "warm and fine"


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_a_table_is_answered_row_by_row_and_one_row_can_be_filled_in(visit, rows, locale):
    page = visit(rows, locale=locale)
    lines = [(*row, ("red", "white")[number % 2]) for number, row in enumerate(WINE.data)]
    table = [(*WINE.feature_names, "colour <b>"), lines[0], lines[177]]
    choose(page, "new.csv", "\n".join(",".join(map(str, line)) for line in table).encode())
    assert answers(page, 2) == ["cultivar 0", "cultivar 2"]
    assert page.locator(".card div > .file").all_inner_texts() == ["new.csv #0", "new.csv #1"]
    for name, content, said in (("a.csv", b"alcohol,hue\n1,2\n", "It has no column 'malic_acid'"), ("a.txt", b"", "")):
        choose(page, name, content)
        page.locator("#trouble:not([hidden])").wait_for()
        assert said in page.locator("#trouble").inner_text()
    page.locator("#one summary").click()
    for name, value in zip(WINE.feature_names, WINE.data[0], strict=True):
        page.locator(f"input[name='{name}']").fill(str(value))
    page.locator("select").select_option("red")
    page.locator("#form button").click()
    assert answers(page, 3)[0] == "cultivar 0"
    assert page.locator("#fields b").count() == 0
    require_sound(page)
