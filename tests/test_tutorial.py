"""The tutorial: every block runs, in order, and both languages show the same code and the same numbers."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ENGLISH, CHINESE = ROOT / "docs" / "tutorial.md", ROOT / "docs" / "tutorial.zh-CN.md"


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def headings(path: Path) -> list[str]:
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [line.split()[0] for line in text.splitlines() if line.startswith("#")]


def test_both_languages_have_the_same_blocks_and_the_same_headings():
    for language in ("python", "bash", "text"):
        assert blocks(ENGLISH, language) == blocks(CHINESE, language)
    assert headings(ENGLISH) == headings(CHINESE)
    assert len(blocks(ENGLISH, "python")) >= 12


def shape(line: str) -> str:
    """A line of output without its numbers: they differ a little from machine to machine."""
    return re.sub(r"[-+]?\d+(?:[.,]\d+)*", "#", line)


def test_every_block_runs_and_prints_what_the_page_shows(tmp_path: Path, session_cache: Path):
    code = "\n".join(blocks(ENGLISH, "python"))
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "HEADSTART_CACHE": str(session_cache)},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    shown = "".join(blocks(ENGLISH, "text")).splitlines()
    assert [shape(line) for line in done.stdout.splitlines()] == [shape(line) for line in shown]


@pytest.mark.parametrize("path", [ENGLISH, CHINESE], ids=["English", "Chinese"])
def test_links_of_the_tutorial_lead_somewhere(path: Path):
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
        assert target.startswith("http") or (path.parent / target).exists(), target
