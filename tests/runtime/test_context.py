"""Where the cache folder lies."""

from pathlib import Path

from headstart.runtime.context import RunContext, cache_folder
from headstart.runtime.progress import silent


def test_the_flag_wins_over_the_variable_which_wins_over_the_platform(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "variable"))
    assert cache_folder(tmp_path / "flag") == tmp_path / "flag"
    assert cache_folder() == tmp_path / "variable"
    monkeypatch.setenv("HEADSTART_CACHE", "")
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name, appauthor: tmp_path / name)
    assert cache_folder() == tmp_path / "headstart"
    monkeypatch.delenv("HEADSTART_CACHE")
    assert cache_folder() == tmp_path / "headstart"


def test_the_users_home_is_understood(monkeypatch):
    assert cache_folder("~/kept") == Path.home() / "kept"
    monkeypatch.setenv("HEADSTART_CACHE", "~/other")
    assert cache_folder() == Path.home() / "other"


def test_a_context_decides_where_its_cache_is_when_it_is_asked(monkeypatch, tmp_path):
    context = RunContext()
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    assert context.cache_folder == tmp_path
    assert (context.keep_features, context.progress) == (True, silent)
    assert RunContext(cache=tmp_path / "here").cache_folder == tmp_path / "here"
    assert not (tmp_path / "here").exists()


def test_silence_says_nothing(capsys):
    silent("encoding", 1, 2)
    assert capsys.readouterr() == ("", "")
