"""Every code block of the READMEs is run, in order, by a reader who has a folder of flowers."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from pictures import FLOWERS, save_flowers, save_noise

ROOT = Path(__file__).parent.parent
READMES = ("README.md", "README.zh-CN.md")
INSTALLATION = ("make", "python3", ".venv/bin/python", ".venv/bin/headstart")  # checked word by word, not run


@dataclass(frozen=True)
class Block:
    """A fenced code block."""

    language: str
    text: str

    @property
    def installs(self) -> bool:
        return self.language == "bash" and all(line.split()[0] in INSTALLATION for line in self.text.splitlines())


def blocks_of(name: str) -> list[Block]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return [Block(*match) for match in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)]


def headings_of(name: str) -> list[str]:
    text = re.sub(r"^```.*?^```$", "", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [line.split()[0] for line in text.splitlines() if line.startswith("#")]


def without_comments(block: Block) -> str:
    return re.sub(r"\s*#.*", "", block.text)


def furnish(place: Path) -> None:
    """Give a reader the files that the READMEs speak of."""
    save_flowers(place / "flowers", 10)
    save_flowers(place / "held-out", 3, seed=500)
    save_noise(place / "rose.jpg", FLOWERS["rose"], 900)
    for number in range(1, 4):
        save_noise(place / "new" / f"{number}.jpg", FLOWERS["tulip"], 900 + number)
    pictures = [(name, number) for name in FLOWERS for number in range(10)]
    rows = [f"flowers/{name}/{number}.jpg,{name},{name}-{number // 2}\n" for name, number in pictures]
    (place / "flowers.csv").write_text("path,label,plant\n" + "".join(rows), encoding="utf-8")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The weights of a network, drawn at random."""
    import timm
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("weights")
    save_file(timm.create_model("resnet18", pretrained=False).state_dict(), folder / "resnet18.safetensors")
    return folder


def run_block(block: Block, place: Path, cache: Path) -> None:
    if block.language == "toml":
        (place / "recipe.toml").write_text(block.text, encoding="utf-8")
    elif block.language in ("bash", "python") and not block.installs:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        command = [sys.executable, "-c"] if block.language == "python" else ["bash", "-euc"]
        answer = subprocess.run(
            [*command, block.text],
            cwd=place,
            env={**os.environ, "PATH": path, "HEADSTART_CACHE": str(cache)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert answer.returncode == 0, f"{block.text}\n{answer.stdout}\n{answer.stderr}"
        assert "Traceback" not in answer.stderr


def promised_files(name: str) -> list[str]:
    """What the table about the run folder names in its first column."""
    text = (ROOT / name).read_text(encoding="utf-8")
    table = next(part for part in text.split("\n\n") if part.startswith("|") and "`runs/flowers/`" in part)
    return [word for line in table.splitlines()[2:] for word in re.findall(r"`([^`]+)`", line.split("|")[1])]


def test_every_block_runs_as_it_stands_and_leaves_what_is_promised(tmp_path, session_cache, weights):
    """The English page's blocks; those of the Chinese one are the same but for comments (see below)."""
    furnish(tmp_path)
    (tmp_path / "weights").symlink_to(weights)
    for block in blocks_of(READMES[0]):
        run_block(block, tmp_path, session_cache)
    for file in ("answers.csv", "flowers.parquet", "flowers-model/manifest.json", "runs/lda", "runs/resnet18"):
        assert (tmp_path / file).exists(), file
    run = tmp_path / "runs" / "flowers"
    for name in READMES:
        promised = promised_files(name)
        assert len(promised) == 12
        promised.remove("training/")  # after weights moved
        assert [file for file in promised if not (run / file).exists()] == []
        assert all((tmp_path / "runs" / "lpft" / "training" / network).is_dir() for network in ("best", "last"))
    assert len(list(run.rglob("*.png"))) >= 3


@pytest.mark.parametrize("name", READMES)
def test_every_block_has_a_language_that_the_test_knows(name):
    assert {block.language for block in blocks_of(name)} == {"bash", "python", "toml", "text"}


@pytest.mark.parametrize("name", READMES)
def test_installation_lines_name_what_exists(name):
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    lines = [shlex.split(line) for block in blocks_of(name) if block.installs for line in block.text.splitlines()]
    made = [line[1] for line in lines if line[0] == "make"]
    assert made == ["demo", "test"]
    assert [target for target in made if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []
    installed = next(line for line in lines if "install" in line)
    assert Requirement(f"headstart{installed[-1][1:]}").extras == {"train", "demo", "dev"} <= set(extras)
    assert (ROOT / installed[installed.index("-c") + 1]).is_file()


def test_the_two_commands_come_first():
    for name in READMES:
        assert blocks_of(name)[0].text == "make demo\nmake test\n"


def test_both_languages_have_the_same_code():
    english, chinese = ([(block.language, without_comments(block)) for block in blocks_of(name)] for name in READMES)
    assert english == chinese


def test_both_languages_have_the_same_headings_tables_and_commands():
    english, chinese = ((ROOT / name).read_text(encoding="utf-8") for name in READMES)
    assert headings_of(READMES[0]) == headings_of(READMES[1])
    assert [line.count("|") for line in english.splitlines() if line.startswith("|")] == [
        line.count("|") for line in chinese.splitlines() if line.startswith("|")
    ]
    flags = [set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", text)) for text in (english, chinese)]
    assert flags[0] == flags[1]


@pytest.mark.parametrize("name", READMES)
def test_every_link_leads_to_a_file(name):
    links = re.findall(r"\]\(([^)]+)\)", (ROOT / name).read_text(encoding="utf-8"))
    assert links and [link for link in links if not (ROOT / link).is_file()] == []


@pytest.mark.parametrize("name", READMES)
def test_every_flag_and_verb_named_exists(name):
    from click import Context

    from headstart.cli.app import app

    verbs = {verb: app.get_command(Context(app), verb) for verb in app.names}
    known = {flag for verb in verbs.values() for parameter in verb.params for flag in parameter.opts} | {"--help"}
    known |= {"--nproc-per-node"}  # of torchrun
    text = (ROOT / name).read_text(encoding="utf-8")
    own = "\n".join(line for line in text.splitlines() if "pip install" not in line)
    assert sorted(set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", own)) - known) == []
    assert set(re.findall(r"headstart ([a-z]+)", "\n".join(re.findall(r"`(headstart [^`]+)`", text)))) <= set(verbs)
