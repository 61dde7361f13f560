"""The page of a server for a model of rows, in a real browser; skipped where there is no Chromium."""

import os
import shutil
import threading
import time
from collections.abc import Iterator
from datetime import datetime

import pytest
import uvicorn
from sklearn.datasets import load_wine

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
WINE = load_wine()
HEADER = ",".join((*WINE.feature_names, "colour <b>"))
ROWS = [",".join((*map(str, row), ("red", "white")[number % 2])) for number, row in enumerate(WINE.data)]


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    """A server with a model of thirteen numbers and a word, on a free port, in a thread of this process."""
    folder = tmp_path_factory.mktemp("wine")
    lines = [f"{HEADER},label", *(f"{row},cultivar {kind}" for row, kind in zip(ROWS, WINE.target, strict=True))]
    (folder / "wine.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    model = hs.fit(folder / "wine.csv", head="ridge", cache=folder / "cache")
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


def drop(page: object, name: str, content: str) -> None:
    page.set_input_files("#choose", [{"name": name, "mimeType": "text/csv", "buffer": content.encode()}])


def test_a_table_is_answered_row_by_row_and_what_is_no_table_is_explained(page):
    drop(page, "new.csv", "\n".join([HEADER, ROWS[0], ROWS[177]]) + "\n")
    page.locator(".card").nth(1).wait_for()
    assert page.locator(".card div > .file").all_inner_texts() == ["new.csv #0", "new.csv #1"]
    assert page.locator(".answer > span:first-child").all_inner_texts() == ["cultivar 0", "cultivar 2"]
    drop(page, "short.csv", "alcohol,hue\n1,2\n")
    page.locator("#trouble").wait_for()
    assert "It has no column 'malic_acid', 'ash'" in page.locator("#trouble").inner_text()
    drop(page, "new.txt", "nothing")
    page.locator("#trouble").wait_for()
    assert page.locator("#trouble").inner_text() != ""


def test_one_row_can_be_filled_in_and_names_of_columns_stay_text(page):
    page.locator("#one summary").click()
    for name, value in zip(WINE.feature_names, WINE.data[0], strict=True):
        page.locator(f"input[name='{name}']").fill(str(value))
    page.locator("select").select_option("red")
    page.locator("#form button").click()
    page.locator(".card").first.wait_for()
    assert page.locator(".answer > span:first-child").all_inner_texts() == ["cultivar 0"]
    assert page.locator("#fields b").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_axe_finds_nothing(page):
    from axe_playwright_python.sync_playwright import Axe

    page.locator("#one summary").click()
    drop(page, "new.csv", "\n".join([HEADER, ROWS[0]]) + "\n")
    page.locator(".card").first.wait_for()
    found = Axe().run(page).response["violations"]
    assert [f"{one['id']}: {[node['html'] for node in one['nodes']]}" for one in found] == []
    if os.environ.get("HEADSTART_SHOT"):
        page.screenshot(
            path=os.environ["HEADSTART_SHOT"] + page.locator("html").get_attribute("lang") + ".png", full_page=True
        )
