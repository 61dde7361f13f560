"""The pages in a real browser, in both languages; skipped where there is no Chromium."""

import os
import shutil
import socket
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from fakes import FakeEncoder
from headstart.serving.access_log import AccessLog
from headstart.serving.app import create_app
from headstart.serving.auth import AccessRules
from headstart.serving.batching import Batcher
from headstart.serving.server import address_of, bind
from headstart.serving.service import Service
from headstart.serving.sessions import SessionLimits, SessionStore
from headstart.settings.serving import ServerLimits
from visitors import FakeModel, learn, png

CHROMIUM = os.environ.get("HEADSTART_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]  # fmt: skip
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
CLASSES = FakeModel().classes


@contextmanager
def serving(token: str = "") -> Iterator[str]:
    """A server with a fake model on a free port, in a thread of this process."""
    import uvicorn

    listener: socket.socket = bind("127.0.0.1", 0)
    with Batcher(FakeEncoder(), ServerLimits(), workers=2) as batcher:
        service = Service(FakeModel(), batcher, ServerLimits(), AccessLog(lambda line: None, datetime.now), "1.2.3")
        app = create_app(
            service, AccessRules(("localhost",), token), SessionStore(SessionLimits(), time.monotonic), learn
        )
        config = uvicorn.Config(app, http="h11", ws="none", lifespan="off", log_config=None, log_level="critical")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        yield address_of(listener)
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """One server for all tests that need no token."""
    with serving() as found:
        yield found


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    """One browser for all tests."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, address) -> Iterator[object]:
    """Open pages of the server; afterwards nothing may have gone wrong in them, or to another address."""
    contexts, faults, asked = [], [], []

    def open_page(path: str = "", **settings: object) -> object:
        contexts.append(chromium.new_context(**{"locale": "en-GB", "permissions": ["camera"], **settings}))
        page = contexts[-1].new_page()
        page.set_default_timeout(15_000)
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
        page.on("dialog", lambda dialog: faults.append("a dialog: " + dialog.message))
        page.goto(address + path)
        page.locator("html[data-ready]").wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith((address, "blob:", "data:"))] == []
    assert faults == []


def files(*pictures: tuple[str, bytes]) -> list[dict]:
    return [{"name": name, "mimeType": "image/png", "buffer": content} for name, content in pictures]


def violations(page: object) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {[node['html'] for node in one['nodes']]}" for one in found]


def test_a_picture_is_answered_and_html_in_class_names_stays_text(visit):
    page = visit()
    page.set_input_files("#choose", files(("<img src=x onerror=alert(1)>.png", png("red")), ("blue.png", png("blue"))))
    page.locator(".card").nth(1).wait_for()
    answers = page.locator(".answer > span:first-child").all_inner_texts()
    assert answers == [CLASSES[0], CLASSES[1]]  # newest first
    assert page.locator(".card .file").last.inner_text() == "<img src=x onerror=alert(1)>.png"
    assert page.locator(".card b, .card script").count() == 0
    assert page.locator("#classes li").all_text_contents() == list(CLASSES)
    assert page.locator(".bars li").first.inner_text().split("\n")[-1] == "100.0%"


def test_it_says_what_it_does_not_know_and_which_classes_it_may_be(visit):
    page = visit()
    shades = [("sure.png", png((255, 0, 0))), ("unsure.png", png((115, 0, 0))), ("strange.png", png((128, 0, 0)))]
    page.set_input_files("#choose", files(*shades))
    page.locator(".card").nth(2).wait_for()
    strange, unsure, sure = page.locator(".card").all()
    assert strange.locator(".set").count() == 0  # nothing can be promised of it
    assert strange.locator(".notice").inner_text().startswith("I don’t know this kind of picture")
    assert unsure.locator(".notice").inner_text().startswith("The model is not sure enough to answer.")
    assert sure.locator(".notice").count() == 0
    assert sure.locator(".set").inner_text().split("\n\n") == ["With 90% certainty it is one of these:", CLASSES[1]]
    assert unsure.locator(".chips li").count() == 2


def test_the_language_follows_the_browser_and_the_button(visit):
    page = visit(locale="zh-CN")
    assert page.locator("h1").inner_text() == "图片上是什么？"
    page.set_input_files("#choose", files(("a.png", png("red")), ("b.txt", b"no picture")))
    page.locator(".card").nth(1).wait_for()
    assert "这个文件不是图片。" in page.locator(".card").first.inner_text()
    page.get_by_role("button", name="English").click()
    assert page.locator("h1").inner_text() == "What is on your picture?"
    assert "This file is not a picture." in page.locator(".card").first.inner_text()
    assert page.locator("html").get_attribute("lang") == "en"
    page.reload()
    assert page.locator("h1").inner_text() == "What is on your picture?"


def test_pictures_can_be_pasted_dropped_and_photographed(visit):
    page = visit()
    give = """([kind, bytes]) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([new Uint8Array(bytes)], kind + ".png", { type: "image/png" }));
        document.body.dispatchEvent(kind === "paste"
            ? new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true })
            : new DragEvent("drop", { dataTransfer: transfer, bubbles: true }));
    }"""
    for number, kind in enumerate(("paste", "drop")):
        page.evaluate(give, [kind, list(png("red"))])
        page.locator(".card").nth(number).wait_for()
    page.get_by_role("button", name="Take a photograph").click()
    page.get_by_role("button", name="Take the picture").click()
    page.locator(".card").nth(2).wait_for()
    assert page.locator(".card .notice").count() == 0
    names = page.locator(".card div > .file").all_inner_texts()
    assert names == ["photograph-1.jpg", "drop.png", "paste.png"]
    page.get_by_role("button", name="Close the camera").click()
    assert page.evaluate("document.activeElement.id") == "photograph"
    assert page.locator("#video").evaluate("video => video.srcObject") is None


def test_the_answers_can_be_taken_away_as_a_table_that_no_spreadsheet_runs(visit):
    page = visit()
    page.set_input_files("#choose", files(('=cmd|"/c calc"!A1.png', png("red")), ("b.png", b"nothing")))
    page.locator(".card").nth(1).wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as CSV").click()
    lines = Path(download.value.path()).read_bytes().decode("utf-8-sig").split("\r\n")
    assert lines[0] == "file,label,probability,prediction_set,abstained,unfamiliar,error"
    assert lines[1] == '"\'=cmd|""/c calc""!A1.png",red & <script>,1,red & <script>,false,false,'
    assert lines[2].endswith(",not_a_picture")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_axe_finds_nothing_and_nothing_is_wider_than_a_telephone(visit, scheme, locale):
    page = visit(locale=locale, color_scheme=scheme, viewport={"width": 390, "height": 844}, bypass_csp=True)
    page.set_input_files("#choose", files(("a.png", png("red")), ("b.txt", b"no picture")))
    page.locator(".card").nth(1).wait_for()
    page.locator("#about summary").click()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_it_says_why_with_a_heat_map_that_can_be_faded_and_the_nearest_training_pictures(visit):
    page = visit(bypass_csp=True)
    page.set_input_files("#choose", files(("a.png", png("red", (40, 30)))))
    page.get_by_role("button", name="Why?").focus()
    page.keyboard.press("Enter")
    heat = page.locator(".shot .heat")
    heat.wait_for()
    assert page.evaluate("document.activeElement.type") == "range"  # who pressed "Why?" by the keyboard goes on there
    shot, laid = page.locator(".shot img").first.bounding_box(), heat.bounding_box()
    assert all(abs(shot[key] - laid[key]) < 1 for key in shot)
    slider = page.get_by_role("slider", name="How strongly the heat map covers the picture")
    slider.fill("15")
    assert heat.evaluate("image => image.style.opacity") == "0.15"
    assert "speaks for red & <script>" in page.locator(".why").inner_text()
    near = page.locator(".neighbours li")
    assert [one.split("\n")[-1] for one in near.all_inner_texts()] == ["<i>near</i>.png", "gone.png"]
    assert near.locator("img").count() == 1
    assert violations(page) == []


def test_everything_can_be_reached_by_the_keyboard(visit):
    page = visit()
    page.set_input_files("#choose", files(("a.png", png("red"))))
    page.locator(".card").first.wait_for()
    page.locator("h1").click()
    reached = []
    for _ in range(14):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
    for wanted in ("language", "choose", "photograph", "table", "clear", "About this model"):
        assert wanted in reached, reached


# --- /teach ---------------------------------------------------------------------------------------------------------


def fill(page: object, number: int, name: str, colour: tuple[int, int, int], count: int = 5) -> None:
    card = page.locator(".class").nth(number)
    box = card.get_by_role("textbox")
    box.fill(name)
    box.press("Enter")
    made = [(f"{n}.png", png(tuple(max(0, part - 7 * n) for part in colour))) for n in range(count)]
    card.locator("input[type=file]").set_input_files(files(*made))
    card.locator(".thumbs li").nth(count - 1).wait_for()


def open_classroom(visit: object, **settings: object) -> object:
    page = visit("teach", **settings)
    page.locator("html[data-filled]").wait_for()
    return page


@pytest.mark.parametrize(("locale", "words"), [("en-GB", ("100% right", "Learnt from 10 pictures")),
                                                ("zh-CN", ("100% 正确", "从 10 张图片学习"))])  # fmt: skip
def test_it_is_shown_learns_is_tried_corrected_and_taken_away(visit, locale, words, tmp_path):
    page = open_classroom(visit, locale=locale)
    assert page.locator("#learn").is_disabled()
    fill(page, 0, "<b>red</b>", (250, 30, 30))
    fill(page, 1, "blue", (30, 30, 250))
    page.locator("#learn").click()
    page.locator(".headline").wait_for()
    assert page.locator(".headline").inner_text() == words[0]
    assert words[1] in page.locator("#lesson").inner_text()
    assert page.locator("#lesson tbody th").all_inner_texts() == ["<b>red</b>", "blue"]
    page.set_input_files("#try-file", files(("new.png", png((20, 20, 200)))))
    page.locator("#try-answer .bars").wait_for()
    assert page.locator("#try-answer .answer > span").first.inner_text() == "blue"
    page.locator("#correct-classes button").first.click()  # "no: it is red"
    page.locator(".class").first.locator(".thumbs li").nth(5).wait_for()
    page.get_by_text("11", exact=False).first.wait_for()
    with page.expect_download() as download:
        page.locator("#download").click()
    from headstart.saving.bundle import load_bundle

    with zipfile.ZipFile(download.value.path()) as archive:
        archive.extractall(tmp_path)
    assert load_bundle(tmp_path / "taught-model").model.classes == ("<b>red</b>", "blue")
    page.reload()
    page.locator("html[data-filled]").wait_for()
    assert page.locator(".thumbs li").count() == 11
    page.locator("#forget").click()
    page.locator(".thumbs li").first.wait_for(state="detached")
    assert page.locator("#lesson").inner_text() == ""


def test_a_picture_unlike_all_that_was_shown_is_answered_with_a_warning(visit):
    page = open_classroom(visit)
    fill(page, 0, "red", (250, 30, 30), 14)
    fill(page, 1, "blue", (30, 30, 250), 14)
    page.locator("#learn").click()
    page.locator(".headline").wait_for()
    warning = page.locator("#try-answer .notice.odd")
    page.set_input_files("#try-file", files(("red.png", png((230, 28, 28)))))
    page.locator("#try-answer .bars").wait_for()
    assert warning.count() == 0
    page.set_input_files("#try-file", files(("green.png", png((20, 250, 20)))))
    warning.wait_for()
    assert warning.inner_text().startswith("I don’t know this kind of picture")


def test_a_series_of_the_camera_is_one_series_and_the_camera_can_be_tried_live(visit):
    page = open_classroom(visit)
    fill(page, 0, "red", (250, 30, 30), 2)
    card = page.locator(".class").nth(1)
    card.get_by_role("button", name="Use the camera").click()
    card.get_by_role("button", name="Take 10 in a row").click()
    card.locator(".thumbs li").nth(9).wait_for()
    page.locator("#learn").click()
    page.locator("#lesson .notice").wait_for()
    assert page.locator("#lesson .notice").inner_text().endswith("only one has: Class 2.")
    page.get_by_role("button", name="Try the camera").click()
    page.locator("#try-answer .bars").wait_for()
    assert page.locator("#try-answer .answer > span").first.inner_text() == "Class 2"
    page.locator("#correct-classes button").nth(1).focus()
    page.wait_for_timeout(400)  # the camera is asked about again and again meanwhile
    page.keyboard.press("Enter")
    card.locator(".thumbs li").nth(10).wait_for()
    page.get_by_role("button", name="Close the camera").click()


def test_wrong_files_are_named_and_classes_of_one_name_become_one(visit):
    page = open_classroom(visit)
    fill(page, 0, "red", (250, 30, 30), 2)
    card = page.locator(".class").nth(1)
    card.locator("input[type=file]").set_input_files(files(("good.png", png("blue")), ("notes.txt", b"no picture")))
    page.locator("#trouble").wait_for()
    assert page.locator("#trouble").inner_text() == "notes.txt: This file is not a picture."
    card.get_by_role("textbox").fill("red")
    card.get_by_role("textbox").press("Enter")
    page.locator(".class").nth(1).wait_for(state="detached")
    assert page.locator(".thumbs li").count() == 3


def test_files_that_are_refused_together_are_named_and_leave_nothing_to_correct(chromium, address):
    context = chromium.new_context(locale="en-GB")  # the browser itself writes each refusal to its console
    page = context.new_page()
    page.goto(address + "teach")
    page.locator("html[data-filled]").wait_for()
    fill(page, 0, "red", (250, 30, 30), 2)
    fill(page, 1, "blue", (30, 30, 250), 2)
    chosen = page.locator(".class").first.locator("input[type=file]")
    chosen.set_input_files(files(("a.txt", b"no picture"), ("b.txt", b"none either")))
    page.get_by_text("b.txt: This file is not a picture.").wait_for()
    page.locator("#learn").click()
    page.locator("#lesson table").wait_for()
    page.set_input_files("#try-file", files(("new.png", png((20, 20, 200)))))
    page.locator("#correct").wait_for()
    page.set_input_files("#try-file", files(("c.txt", b"no picture")))
    page.locator("#trouble").get_by_text("This file is not a picture.").wait_for()
    assert page.locator("#correct").is_hidden()
    assert page.locator(".thumbs li").count() == 4
    context.close()


def test_names_of_classes_that_nobody_gave_follow_the_language(visit):
    page = open_classroom(visit)
    boxes = page.locator(".class input[type=text]")
    fill(page, 0, "red", (250, 30, 30), 1)
    page.locator("#language").click()
    assert [box.input_value() for box in boxes.all()] == ["red", "类别 2"]
    assert page.locator(".class").nth(1).get_by_role("button", name="删除类别 类别 2").count() == 1
    page.locator("#language").click()
    assert [box.input_value() for box in boxes.all()] == ["red", "Class 2"]


@pytest.mark.parametrize(("scheme", "locale"), [("light", "en-GB"), ("dark", "zh-CN")])
def test_axe_finds_nothing_in_the_classroom_either(visit, scheme, locale):
    page = open_classroom(
        visit, locale=locale, color_scheme=scheme, viewport={"width": 390, "height": 844}, bypass_csp=True
    )
    assert violations(page) == []
    fill(page, 0, "red", (250, 30, 30), 3)
    fill(page, 1, "blue", (30, 30, 250), 3)
    page.locator(".class").nth(1).locator("input[type=file]").set_input_files(files(("odd.png", png((255, 0, 0)))))
    page.locator(".class").nth(1).locator(".thumbs li").nth(3).wait_for()
    page.locator("#learn").click()
    page.locator(".headline").wait_for()
    page.set_input_files("#try-file", files(("new.png", png((20, 20, 200)))))
    page.locator("#try-answer .bars").wait_for()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_description_for_programs_is_listed_without_the_network(visit):
    page = visit("docs", bypass_csp=True)
    page.locator(".operation").nth(12).wait_for()
    assert "POST /predict" in page.locator(".operations").inner_text()
    assert violations(page) == []


def test_the_page_asks_for_the_token_until_it_is_right_and_remembers_it(chromium):
    with serving("correct-horse") as place:
        page = chromium.new_page(locale="en-GB")
        page.goto(place)
        for word, attempt in (
            ("The token it was started with", "wrong-horse"),
            ("That token was wrong. Try again:", "correct-horse"),
        ):
            page.get_by_label(word).fill(attempt)
            page.get_by_role("button", name="Go on").click()
        page.locator("#about").wait_for()
        page.reload()
        page.locator("#about").wait_for()
        page.set_input_files("#choose", files(("a.png", png("red"))))
        page.locator(".card .answer").wait_for()
        page.goto(place + "docs")
        page.locator(".operation").first.wait_for()
        assert page.locator("#example").inner_text() == (
            f'curl -H "Authorization: Bearer TOKEN" -F files=@rose.jpg {place}predict'
        )
        page.locator("#whole").click()
        page.get_by_text('"openapi": "3').first.wait_for()
        page.close()
