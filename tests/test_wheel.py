"""The wheel holds all that Headstart needs: it is built, checked and used where there is no checkout."""

import http.client
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from packaging.metadata import Metadata
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "headstart"
DATA_FILES = sorted(
    file.relative_to(PACKAGE.parent).as_posix()
    for file in PACKAGE.rglob("*")
    if file.is_file() and file.suffix not in (".py", ".pyc")
)


def pip(*arguments: str | Path) -> None:
    """Run pip, which reads no index here."""
    command = [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a clean copy, built by the backend that the project names, as it is installed here."""
    folder = tmp_path_factory.mktemp("wheel")
    # Neither what an editable installation left beside the package, nor files compiled by its use.
    left_out = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "src", folder / "copy" / "src", ignore=left_out)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / "copy" / name)
    offline = ("--no-index", "--no-deps", "--no-build-isolation", "--check-build-dependencies")
    pip("wheel", *offline, "--wheel-dir", folder, folder / "copy")
    (built,) = folder.glob("*.whl")
    return built


def required(lines: Iterable[str], extra: str = "") -> list[Requirement]:
    """Return the requirements of a distribution that hold here, with one of its extras."""
    found = map(Requirement, lines)
    return [one for one in found if one.marker is None or one.marker.evaluate({"extra": extra})]


def names_of(requirements: Iterable[Requirement], found: set[str]) -> set[str]:
    """Add the names of all distributions that requirements bring, directly or not, to those that were found before."""
    for one in requirements:
        for extra in ("", *one.extras):
            name = canonicalize_name(one.name) + (extra and f"[{extra}]")
            if name not in found:
                found.add(name)
                names_of(required(importlib.metadata.requires(one.name) or [], extra), found)
    return found


def link_distributions(requirements: Iterable[Requirement], site: Path) -> None:
    """Put the installed files of what requirements bring, and of nothing else, into a folder of packages."""
    for name in names_of(requirements, set()):
        distribution = importlib.metadata.distribution(name.partition("[")[0])
        for top in {file.parts[0] for file in distribution.files or []} - {"..", "__pycache__"}:
            if not (site / top).exists():
                (site / top).symlink_to(Path(str(distribution.locate_file(top))).resolve())


class Installed:
    """An environment with the wheel and what it requires, and an empty folder to work in."""

    def __init__(self, wheel: Path, folder: Path) -> None:
        (distribution,) = importlib.metadata.distributions(path=[str(wheel)])
        requirements = distribution.requires or []
        self.folder, self.python = folder / "work", folder / "environment" / "bin" / "python"
        self.serving = folder / "serving"  # what `headstart[serve]` would add
        self.folder.mkdir()
        self.serving.mkdir()
        venv.create(folder / "environment", symlinks=True)
        (site,) = (folder / "environment").glob("lib/*/site-packages")
        link_distributions(required(requirements), site)
        link_distributions(required(requirements, "serve"), self.serving)
        offline = ("--no-index", "--no-deps", "--no-compile")
        pip("--python", self.python, "install", *offline, wheel)
        self.package = site / "headstart"

    def environment(self, *paths: Path) -> dict[str, str]:
        """Return variables that show neither the checkout nor the tests' own environment."""
        own = {name: text for name, text in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
        return {
            **own,
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
            "HEADSTART_CACHE": str(self.folder.parent / "cache"),
            "HOME": str(self.folder.parent / "home"),
        }

    def run(self, *command: str) -> str:
        """What a command of this environment prints, if it ends well."""
        done = subprocess.run(
            [str(self.python.parent / command[0]), *command[1:]],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The environment, with small pictures in its folder and a first model of them."""
    place = Installed(wheel, tmp_path_factory.mktemp("elsewhere"))
    draw = np.random.default_rng(0)
    for label, colour in (("red", (200, 40, 40)), ("blue", (40, 40, 200))):
        (place.folder / "data" / label).mkdir(parents=True)
        for number in range(8):
            pixels = np.clip(draw.normal(colour, 40, size=(40, 50, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(place.folder / "data" / label / f"{number}.png")
    small = ("--encoder", "efficientnet_lite0@64", "--head", "centroid", "--resamples", "100")
    place.run("headstart", "fit", "data", *small, "--out", "run")
    return place


def test_a_package_index_would_take_the_wheel(wheel):
    parse_wheel_filename(wheel.name)
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        # What `twine check --strict` checks of a description in Markdown: each field is known and well written, and
        # the description and its type are there.
        metadata = Metadata.from_email(archive.read(name))
    assert metadata.description_content_type == "text/markdown"
    assert metadata.description.startswith((ROOT / "README.md").read_text().rstrip())
    assert metadata.license_expression == "Apache-2.0" and metadata.license_files == ["LICENSE"]


def test_the_wheel_holds_every_file_of_the_package_and_no_other(wheel):
    with zipfile.ZipFile(wheel) as archive:
        content = {name: archive.read(name) for name in archive.namelist() if ".dist-info/" not in name}
    sources = {file.relative_to(PACKAGE.parent).as_posix(): file for file in PACKAGE.rglob("*.py")}
    files = sources | {name: PACKAGE.parent / name for name in DATA_FILES}
    assert sorted(content) == sorted(files)
    assert all(content[name] == file.read_bytes() for name, file in files.items())


def test_the_environment_knows_neither_the_checkout_nor_torch(installed):
    code = (
        "import headstart, importlib.util as u; print(headstart.__file__, u.find_spec('torch'), u.find_spec('pytest'))"
    )
    assert installed.run("python", "-c", code) == f"{installed.package / '__init__.py'} None None\n"


def test_the_command_speaks_both_languages(installed):
    assert "Usage: headstart" in installed.run("headstart", "--help")
    assert "迁移学习" in installed.run("headstart", "--lang", "zh", "--help")


def test_the_first_model_is_drawn_in_a_report_and_predicts(installed):
    report = (installed.folder / "run" / "report.html").read_text(encoding="utf-8")
    templates = installed.package / "reporting" / "page" / "templates"
    for name in ("style.css", "sort.js"):
        assert (templates / name).read_text(encoding="utf-8").strip() in report
    (answer,) = json.loads(installed.run("headstart", "predict", "run", "data/red/0.png", "--json"))
    assert answer["label"] == "red"


def test_doctor_finds_nothing_wrong(installed):
    assert json.loads(installed.run("headstart", "doctor", "--json"))["problems"] == []


def fetch(connection: http.client.HTTPConnection, path: str) -> bytes:
    """What a server answers to a request that it grants."""
    connection.request("GET", path)
    answer = connection.getresponse()
    content = answer.read()
    assert answer.status == 200, (path, content)
    return content


def test_every_page_is_served(installed):
    pages = [Path(name) for name in DATA_FILES if "/serving/pages/" in name]
    command = [str(installed.python.parent / "headstart"), "serve", "run", "--port", "0", "--json"]
    server = subprocess.Popen(
        command,
        cwd=installed.folder,
        env=installed.environment(installed.serving),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        port = int(json.loads(server.stdout.readline())["address"].rsplit(":", 1)[1].strip("/"))
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        assert all(fetch(connection, path) for path in ("/", "/teach", "/docs"))
        for page in pages:
            served = fetch(connection, f"/pages/{page.name}") if page.suffix != ".html" else b""
            if page.suffix == ".json":  # words, in the words of the model's kind of examples
                assert json.loads(served), page
            elif served:
                assert served == (PACKAGE.parent / page).read_bytes(), page
        connection.close()
    finally:
        server.kill()
        server.communicate()
