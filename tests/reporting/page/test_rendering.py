"""The page as HTML: its structure, its policy, and that no name of a user is ever markup."""

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest

import study_files as studies
from headstart.reporting.page.rendering import digest_of, render_page, section_builders
from headstart.reporting.page.values import PageData
from headstart.runtime.catalogue import LANGUAGES
from odd_names import CHINESE, FILE, LONG, QUOTED, SCRIPT

EMPTY = {"meta", "img", "br", "path", "circle", "use", "rect"}


class Outline(HTMLParser):
    """Reads a page: every element with its attributes and texts; fails on a tag that is not closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {key: value or "" for key, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag not in EMPTY:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def text(self) -> str:
        return "\n".join(text for tag, text in self.texts if tag not in ("script", "style"))


@pytest.fixture(scope="module")
def full_page(odd_page: PageData) -> PageData:
    """A run with all that can lie beside it."""
    history = tuple(
        {
            "epoch": float(n),
            "steps": 4.0 * n,
            "rate": 0.01,
            "loss": 1 / n,
            "accuracy": 0.5,
            "seconds": 2.0,
            "validation_loss": None if n == 1 else 0.6,
            "validation_accuracy": None if n == 1 else 0.7,
        }
        for n in (1, 2, 3)
    )
    training = {
        "method": "lpft",
        "best_epoch": 2,
        "share": 0.5,
        "shares": [{}, {}],
        "validated": 9,
        "rate": 1e-4,
        "batch_size": 8,
    }
    metrics = {**odd_page.run.metrics, "training": training, "parameters": 100, "trained_parameters": 50}
    run = replace(odd_page.run, history=history, metrics=metrics)
    name = run.answers[0].name
    check = {
        "counts": {"pictures": 40, "label_errors": 1, "near_duplicates_across_splits": 1},
        "near_duplicates": [{"one": name, "other": FILE, "parts": ["test", "train"]}],
        "label_errors": [{"path": name, "label": SCRIPT, "suggested": QUOTED}],
        "outliers": [{"path": name, "distance": 0.5}],
        "quality": {"blurry": [name], "dark": []},
        "groups": [{"kind": "class", "name": SCRIPT, "count": 8, "accuracy": 0.5, "low": 0.3, "high": 0.7}],
        "cleaning": {"left_out": 2, "difference": 0.02, "low": -0.01, "high": 0.05},
    }
    return replace(odd_page, run=run, compare=studies.compare(), rank=studies.rank(), check=check)


@pytest.fixture(scope="module")
def pages(full_page: PageData) -> dict[str, str]:
    return {language: render_page(full_page, language) for language in LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_is_well_formed_with_one_title_and_unique_identifiers(pages, language):
    outline = Outline(pages[language])
    assert Counter(tag for tag, _ in outline.elements)["h1"] == 1
    assert outline.all("html")[0]["lang"] == {"en": "en", "zh": "zh-Hans"}[language]
    names = [attributes["id"] for _, attributes in outline.elements if "id" in attributes]
    assert len(names) == len(set(names))
    anchors = {attributes["href"][1:] for attributes in outline.all("a")}
    assert anchors <= set(names)
    referred = {one for _, found in outline.elements for one in found.get("aria-labelledby", "").split()}
    assert referred <= set(names)


def test_every_section_is_there_in_both_languages(pages, full_page):
    keys = list(section_builders(full_page))
    assert keys == [
        *("scores", "classes", "confusions", "calibration", "guard", "pictures", "training", "transfer", "factors"),
        *("ranking", "data", "problems", "model", "environment"),
    ]
    for html in pages.values():
        assert [found["id"] for found in Outline(html).all("section") if "id" in found] == keys


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_of_users_are_text_and_never_markup(pages, language):
    outline = Outline(pages[language])
    assert len(outline.all("script")) == 1
    assert not any(key.startswith("on") for _, found in outline.elements for key in found)
    assert all(found["src"].startswith("data:image/jpeg;base64,") for found in outline.all("img"))
    text = outline.text()
    for name in (SCRIPT, QUOTED, LONG, CHINESE, FILE, r"left\u202eright\x07"):
        assert name in text
    assert "49" not in re.findall(r"quoted.{0,40}", text)[0]  # {{ 7 * 7 }} was not computed
    assert any(FILE in found["alt"] for found in outline.all("img"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_policy_allows_only_what_the_page_holds(pages, language):
    outline = Outline(pages[language])
    (policy,) = (
        found["content"] for found in outline.all("meta") if found.get("http-equiv") == "Content-Security-Policy"
    )
    style, script = (next(text for tag, text in outline.texts if tag == name) for name in ("style", "script"))
    assert policy == (
        f"default-src 'none'; img-src data:; style-src '{digest_of(style)}'; script-src '{digest_of(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert not any("style" in found for _, found in outline.elements)
    links = [found[key] for _, found in outline.elements for key in ("href", "src", "action", "data") if key in found]
    assert all(link.startswith(("#", "data:image/jpeg;base64,")) for link in links)
    assert "@import" not in style and "url(" not in style


@pytest.mark.parametrize("language", LANGUAGES)
def test_tables_have_captions_and_headings_with_scope(pages, language):
    outline = Outline(pages[language])
    tables = len(outline.all("table"))
    assert tables >= 10
    assert len(outline.all("caption")) == tables
    assert all(found.get("scope") in ("col", "row") for found in outline.all("th"))
    regions = [found for found in outline.all("div") if found.get("class") == "scroll"]
    assert len(regions) == tables
    assert all(found["tabindex"] == "0" and found["aria-label"] for found in regions)


def test_only_quoted_notices_are_in_another_language_than_the_page(pages):
    """What no form fits, such as the words of an older version, is marked as English on a Chinese page."""
    foreign = [found for _, found in Outline(pages["zh"]).elements if found.get("lang") == "en"]
    assert len(foreign) == 1
    assert "An older version said this." in Outline(pages["zh"]).text()
    assert not any(found.get("lang") == "en" for tag, found in Outline(pages["en"]).elements if tag == "p")


def test_both_languages_show_the_same_numbers(pages):
    numbers = {language: Counter(re.findall(r"\d+\.\d+", Outline(html).text())) for language, html in pages.items()}
    differing = (numbers["en"] - numbers["zh"]) + (numbers["zh"] - numbers["en"])
    assert sum(differing.values()) == 0, differing


def test_the_page_says_when_the_pictures_are_gone(odd_page):
    text = Outline(render_page(replace(odd_page, previews={}), "en")).text()
    assert "The pictures are not here any more" in text
    assert text.count("picture not here") == len(odd_page.previews)


def test_a_folder_with_one_study_has_a_page_of_that_study():
    page = PageData("ranking", rank=studies.rank(told_apart=True))
    outline = Outline(render_page(page, "en"))
    assert [found["id"] for found in outline.all("section") if "id" in found] == ["ranking"]
    assert "one is better than two[:5] on this data." in outline.text()
    tied = Outline(render_page(PageData("r", rank=studies.rank()), "zh")).text()
    assert "one 与 two[:5] 无法区分：相差 +2.0 个百分点 [−1.0,\N{NO-BREAK SPACE}+5.0]。" in tied


def test_a_study_says_by_which_command_it_was_made_and_a_page_names_every_command():
    typed = {"command": ["/bin/headstart", "rank", "my flowers"], "python": "3.13.0", "packages": {"numpy": "2.4.6"}}
    ranked = {**studies.rank(), "environment": typed}
    text = Outline(render_page(PageData("x", rank=ranked), "en")).text()
    assert "headstart rank 'my flowers'" in text and "pip install numpy==2.4.6" in text and "3.13.0" in text
    checked = {"environment": {**typed, "command": ["headstart", "check", "flowers"]}}
    both = Outline(render_page(PageData("x", rank=ranked, check=checked), "zh")).text()
    assert "headstart rank 'my flowers'" in both and "headstart check flowers" in both
    program = {**ranked, "environment": {**typed, "command": ["study.py"]}}
    assert (
        "headstart" not in Outline(render_page(PageData("x", rank=program), "en")).text().split("How to repeat it")[1]
    )


def test_where_transfer_hurts_the_page_warns():
    gains = {"1": (-0.1, -0.2, -0.05), "5": (0.2, 0.1, 0.3)}
    html = render_page(PageData("x", compare=studies.compare(gains)), "en")
    assert "transfer hurts here at 1" in Outline(html).text()
    assert 'class="warning"' in html


def test_many_classes_leave_a_matrix_that_can_be_read(odd_page):
    count = 60
    classes = [f"class {number}" for number in range(count)]
    confusion = [
        [3 if row == column else int(column == row + 1 and row > 50) for column in range(count)] for row in range(count)
    ]
    evaluation = {**odd_page.run.metrics["evaluation"], "classes": classes, "confusion": confusion}
    run = replace(odd_page.run, metrics={**odd_page.run.metrics, "evaluation": evaluation})
    text = Outline(render_page(replace(odd_page, run=run), "en")).text()
    assert "The matrix shows the 24 of 60 classes with the most mistakes." in text
    assert "class 59" in text


def test_a_check_is_shown_with_its_pictures_groups_and_what_cleaning_changes(pages):
    text = Outline(pages["en"]).text().replace("\N{NO-BREAK SPACE}", " ")
    assert "Nearly the same pictures" in text
    assert f"rather: {QUOTED}" in text
    assert "blurred" in text
    assert "What is recognised worst when held out" in text
    assert "Leaving the 2 suspect pictures out changes nothing that could be seen: +2.0 points [−1.0, +5.0]." in text


def test_a_cross_validated_run_does_not_speak_of_a_part_that_was_held_out(odd_page):
    run = replace(odd_page.run, recipe={**odd_page.run.recipe, "folds": 5, "repeats": 2})
    text = Outline(render_page(replace(odd_page, run=run), "en")).text()
    assert "Every picture was scored in 5 folds, 2 times over, each time by a model fitted to the other folds" in text
    assert "was held out and scored" not in text


def test_bare_scores_are_enough_for_a_page(odd_page):
    from headstart.reporting.page.values import DataCounts, RunData

    bare = RunData({"evaluation": odd_page.run.metrics["evaluation"]}, {}, {}, "", (), DataCounts(), ())
    for language in LANGUAGES:
        Outline(render_page(PageData("bare", bare), language))
    for language in LANGUAGES:
        Outline(render_page(PageData("nothing", RunData({}, {}, {}, "", (), DataCounts(), ())), language))


def test_the_same_data_give_the_same_page(odd_page, full_page, pages):
    assert render_page(full_page, "zh") == pages["zh"]
