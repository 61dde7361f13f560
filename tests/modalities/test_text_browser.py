"""The page of a server for a model of texts, in a real browser; skipped where there is no Chromium."""

import csv
import os
import shutil
import threading
import time
from collections.abc import Iterator
from datetime import datetime

import pytest
import uvicorn

import headstart as hs
from headstart.serving.access_log import AccessLog
from headstart.serving.app import create_app
from headstart.serving.auth import AccessRules
from headstart.serving.batching import Batcher
from headstart.serving.predictor import Predictor
from headstart.serving.server import address_of, bind
from headstart.serving.service import Service
from headstart.serving.sessions import SessionLimits, SessionStore
from headstart.settings.serving import ServerLimits

CHROMIUM = os.environ.get("HEADSTART_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
GOOD, BAD = "fine warm funny bright moving", "dull cold empty slow tired"


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    """A server with a model of short reviews, on a free port, in a thread of this process."""
    folder = tmp_path_factory.mktemp("texts")
    rows = (f"{words} film {number},{kind}" for number in range(25) for words, kind in ((GOOD, "good"), (BAD, "bad")))
    (folder / "reviews.csv").write_text("\n".join(("review,label", *rows)) + "\n", encoding="utf-8")
    model = hs.fit(folder / "reviews.csv", encoder="words", head="words", cache=folder / "cache")
    listener, limits = bind("127.0.0.1", 0), ServerLimits()
    with Batcher(model.encoder, limits, workers=1) as batcher:
        predictor = Predictor(model.encoder, model.saved, "0" * 64, None)
        service = Service(predictor, batcher, limits, AccessLog(lambda line: None, datetime.now), "1.2.3")
        app = create_app(service, AccessRules(("localhost",)), SessionStore(SessionLimits(), time.monotonic), None)
        config = uvicorn.Config(app, http="h11", ws="none", lifespan="off", log_config=None, log_level="critical")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        yield address_of(listener)
        server.should_exit = True
        thread.join()


@pytest.fixture(params=["en-GB", "zh-CN"])
def page(request, address) -> Iterator[object]:
    """The page on a telephone; afterwards nothing may have gone wrong in it, or have gone to another address."""
    from playwright.sync_api import sync_playwright

    faults, asked = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        found = browser.new_page(locale=request.param, viewport={"width": 390, "height": 844}, bypass_csp=True)
        found.set_default_timeout(15_000)
        found.on("request", lambda one: asked.append(one.url))
        found.on("pageerror", lambda error: faults.append(str(error)))
        found.goto(address)
        found.locator("html[data-ready]").wait_for()
        yield found
        browser.close()
    assert [url for url in asked if not url.startswith((address, "blob:", "data:"))] == []
    assert faults == []


def ask(page: object, typed: str, *, lines: bool = True) -> None:
    page.locator("#box").fill(typed)
    page.locator("#lines").set_checked(lines)
    page.locator("#form button").click()


def answers(page: object, count: int) -> list[str]:
    page.locator(".card").nth(count - 1).wait_for()
    return page.locator(".answer > span:first-child").all_inner_texts()


def test_typed_lines_are_texts_of_their_own_unless_they_are_one_and_stay_text(page):
    ask(page, "a warm <b>funny</b> film\n\ndull and cold")
    assert answers(page, 2) == ["good", "bad"]
    assert page.locator(".said").all_inner_texts() == ["a warm <b>funny</b> film", "dull and cold"]
    assert page.locator(".said b").count() == 0
    ask(page, "dull\ncold\nslow", lines=False)
    assert answers(page, 3)[0] == "bad"
    with page.expect_download() as download:
        page.locator("#table").click()
    with open(download.value.path(), encoding="utf-8-sig", newline="") as file:
        rows = [*csv.DictReader(file)]
    assert [(row["text"], row["label"]) for row in rows][1:] == [("dull and cold", "bad"), ("dull\ncold\nslow", "bad")]


def test_a_file_is_answered_and_what_cannot_be_is_explained(page):
    for name, content, kind in (
        ("new.csv", b"review\na warm film\na cold film\n", "text/csv"),
        ("b.csv", b"a\n1\n", "text/csv"),
    ):
        page.set_input_files("#choose", [{"name": name, "mimeType": kind, "buffer": content}])
        page.locator("#progress[data-word='texts.done'], #trouble:not([hidden])").first.wait_for()
        assert answers(page, 2) == ["good", "bad"]
    page.locator("#trouble").wait_for()
    assert page.locator("#trouble").get_attribute("data-word") == "error.no_text_column"
    ask(page, " \n")
    assert page.locator("#trouble").get_attribute("data-word") == "texts.nothing"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_axe_finds_nothing(page):
    from axe_playwright_python.sync_playwright import Axe

    ask(page, "a warm funny film\nsomething else entirely")
    answers(page, 2)
    found = Axe().run(page).response["violations"]
    assert [f"{one['id']}: {[node['html'] for node in one['nodes']]}" for one in found] == []
    if os.environ.get("HEADSTART_SHOT"):
        page.screenshot(
            path=os.environ["HEADSTART_SHOT"] + page.locator("html").get_attribute("lang") + ".png", full_page=True
        )
