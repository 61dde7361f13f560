"""Where the files of a study may lie."""

import pytest

from headstart.errors import OutputError
from headstart.reporting.page.reading import STUDIES
from headstart.reporting.page.writing import require_study_place, study_folder


@pytest.mark.parametrize("kind", STUDIES)
@pytest.mark.parametrize("beside", ["metrics.json", "compare.json", "rank.json", "check.json"])
def test_a_study_lies_beside_a_run_or_another_study_and_replaces_none(kind, beside, tmp_path):
    (tmp_path / beside).write_text("{}")
    if beside != f"{kind}.json":
        require_study_place(tmp_path, kind)
        assert study_folder(tmp_path) == tmp_path
        return
    with pytest.raises(OutputError, match=rf"{beside}' is there already"):
        require_study_place(tmp_path, kind)


@pytest.mark.parametrize("kind", STUDIES)
def test_a_new_folder_is_made_and_one_with_other_things_is_refused(kind, tmp_path):
    require_study_place(tmp_path / "new", kind)
    assert study_folder(tmp_path / "new").is_dir()
    (tmp_path / "letters.txt").write_text("dear")
    with pytest.raises(OutputError):
        require_study_place(tmp_path, kind)
