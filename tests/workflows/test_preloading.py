"""What the end of a fit needs is loaded beside it, and nothing of that is heard."""

import subprocess
import sys


def said_by(code: str) -> tuple[str, str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip(), done.stderr


def test_what_draws_and_writes_a_report_is_there_when_the_thread_has_ended():
    code = """
import sys
from headstart.workflows.preloading import preload
from headstart.data.targets.classes import Classes
preload(Classes(("a", "b"))).join()
before = set(sys.modules)
from headstart.reporting.page.rendering import page_environment
heavy = {name for name in set(sys.modules) - before if name.split(".")[0] in ("jinja2", "onnx")}
print(sorted(heavy), len(page_environment().cache))
"""
    assert said_by(code) == ("[] 2", "")


def test_a_library_that_cannot_be_loaded_is_named_by_whoever_needs_it():
    code = """
import sys
sys.modules["jinja2"] = None
from headstart.workflows.preloading import preload
from headstart.data.targets.classes import Classes
preload(Classes(("a", "b"))).join()
from headstart.reporting.page.rendering import page_environment
try:
    page_environment()
except ImportError as error:
    print(error.name)
"""
    name, errors = said_by(code)
    assert name.startswith("jinja2") and errors == ""
