"""A run with names that a page must survive, fitted once with the pixels of thumbnails as features."""

from pathlib import Path

import pytest

from fakes import FakeNetwork
from headstart.reporting.page.reading import read_page
from headstart.reporting.page.values import PageData
from headstart.runtime.context import RunContext
from headstart.settings.recipe import Recipe
from odd_names import CHINESE, FILE, LONG, QUOTED, SCRIPT, TURNED
from pictures import save_noise

CLASSES = {
    SCRIPT: (190, 30, 60),
    QUOTED: (235, 230, 215),
    LONG: (230, 150, 20),
    CHINESE: (30, 60, 190),
    TURNED: (90,) * 3,
}


@pytest.fixture(scope="session")
def odd_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run whose classes and files have names in HTML, Chinese and control characters."""
    from headstart.workflows.fit import run_fit
    from headstart.workflows.plan import plan_fit

    folder = tmp_path_factory.mktemp("odd")
    rows = ["path,label"]
    for place, (label, colour) in enumerate(CLASSES.items()):
        quoted = label.replace('"', '""')
        for number in range(8):
            name = f"{FILE}{place}-{number}.jpg"
            # The second half of each class has the colour of the next one: there will be mistakes.
            shown = colour if number < 5 else list(CLASSES.values())[(place + 1) % len(CLASSES)]
            save_noise(folder / name, shown, 100 * place + number)
            rows.append('"{}","{}"'.format(name.replace('"', '""'), quoted))
    (folder / "data.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("headstart.encoders.loading.load_encoder", lambda *_, **__: FakeNetwork())
        context = RunContext(cache=folder / "cache")
        plan = plan_fit(folder / "data.csv", Recipe(head="centroid", test_fraction=0.4), context)
        return run_fit(plan, context, out=folder / "run").report.folder


@pytest.fixture(scope="session")
def odd_page(odd_run: Path) -> PageData:
    return read_page(odd_run)
