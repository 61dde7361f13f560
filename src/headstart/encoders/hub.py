"""Bring weights from a model hub into the cache, with digest, licence and origin: only when asked to."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from headstart.encoders.catalogue import load_catalogue
from headstart.encoders.folders import new_cache_folder
from headstart.encoders.silence_output import quiet
from headstart.encoders.weights import FOLDER_FILES, HF_PREFIX, HUB_PREFIXES, TRANSFORMER_FILES, read_model_type
from headstart.errors import EncoderError, HubError, MissingExtraError, UnknownNameError
from headstart.modalities.base import DEFAULT
from headstart.registry import nearest
from headstart.runtime.findings import Finding, did_you_mean
from headstart.runtime.hashing import sha256_of_file

HUB_TIMEOUT = 10  # seconds until a hub that says nothing counts as out of reach


def bring_timm(name: str, folder: Path) -> None:
    """Bring the weights of a network of timm into a new folder; raises HubError and its kinds."""
    _require("train", "torch", "timm", "huggingface_hub")
    origin = _hub_origin(name)
    ways = Finding("encoders.local_ways", {"names": list(load_catalogue(DEFAULT))})
    with new_cache_folder(folder) as made, quiet(), _no_progress_bars():
        repository = origin.pop("repository")
        file = _fetch_weights(repository, made, ways)
        with suppress(HubError):  # good to have for other programs; not needed here
            _fetch(repository, "config.json", made, ways)
        _record(made, {**origin, "file": file, "sha256": sha256_of_file(made / file)})


def bring_repository(name: str, folder: Path) -> None:
    """Bring a repository of transformers or sentence-transformers into a new folder: weights and what reads them.

    Raises
    ------
    HubError
        When the hub does not answer, or the repository lacks a file.
    MissingExtraError
        When the library that asks the hub is not installed.
    """
    _require("text", "huggingface_hub")
    repository = name.removeprefix(HF_PREFIX)
    ways = Finding("encoders.local_ways_of_documents", {"names": list(load_catalogue(HUB_PREFIXES[HF_PREFIX]))})
    with new_cache_folder(folder) as made, quiet(), _no_progress_bars():
        file = _fetch_weights(repository, made, ways)
        for needed in TRANSFORMER_FILES:
            if not _fetch(repository, needed, made, ways):
                raise HubError("encoders.repository_without_file", repository=repository, file=needed, remedy=ways)
        with suppress(HubError):
            _fetch(repository, "README.md", made, ways)
        origin = {
            "name": name,
            "architecture": read_model_type(made / "config.json"),
            "licence": _stated_licence(made / "README.md"),
            "source": f"hub {repository}",
        }
        others = {needed: sha256_of_file(made / needed) for needed in TRANSFORMER_FILES}
        _record(made, {**origin, "file": file, "sha256": sha256_of_file(made / file), "others": others})


def _require(extra: str, *packages: str) -> None:
    for package in packages:
        if find_spec(package) is None:
            raise MissingExtraError(package, extra, "encoders.to_download")


def _record(made: Path, origin: dict[str, Any]) -> None:
    (made / "origin.json").write_text(json.dumps(origin, indent=1), encoding="utf-8")


def _stated_licence(card: Path) -> str:
    """Read the licence off the head of a model card, where it is a line of YAML."""
    head = card.read_text(encoding="utf-8", errors="replace").split("---")[1:2] if card.is_file() else []
    stated = re.search(r"^license:[ \t]*[\"']?([\w.+-]+)", "".join(head), re.MULTILINE)
    return stated[1] if stated else "not stated"


def _hub_origin(name: str) -> dict[str, str]:
    """Where timm says that the weights lie, and what it says about them."""
    with quiet():
        import timm  # loads torch: only here, where a hub is asked

        network, _, tag = name.partition(".")
        tagged = timm.list_models(f"{network}.*", pretrained=True)
        known = timm.is_model(network) and (not tag or name in tagged)
        stated: Any = timm.get_pretrained_cfg(name) if known else None
    if stated is None:
        near = nearest(name, tagged or timm.list_models())
        raise UnknownNameError(
            "encoders.unknown_timm_network",
            name=name,
            hint=did_you_mean(near and f"timm:{near}", Finding("encoders.timm_lists_pretrained")),
        )
    if not stated.hf_hub_id:
        raise EncoderError("encoders.no_hub", name=name, architecture=name.split(".")[0])
    architecture = f"{stated.architecture}.{stated.tag}" if stated.tag else stated.architecture
    return {
        "architecture": architecture,
        "licence": stated.license or "not stated",
        "source": f"hub {stated.hf_hub_id}",
        "repository": stated.hf_hub_id,
    }


def _fetch_weights(repository: str, made: Path, ways: Finding) -> str:
    """Fetch the weights, safetensors first, and return the name of their file."""
    file = next((file for file in FOLDER_FILES if _fetch(repository, file, made, ways)), None)
    if file is None:
        raise HubError("encoders.repository_without_weights", repository=repository, files=FOLDER_FILES, remedy=ways)
    return file


def _fetch(repository: str, file: str, made: Path, ways: Finding) -> bool:
    """Fetch one file; False when the repository has no such file."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url
    from huggingface_hub.errors import EntryNotFoundError

    endpoint = os.environ.get("HF_ENDPOINT") or None  # as it is now, not as it was when the library was loaded
    silence: Exception | None = None
    try:
        # One short question first: the library itself asks a silent hub for minutes.
        get_hf_file_metadata(hf_hub_url(repository, file, endpoint=endpoint), timeout=HUB_TIMEOUT)
    except EntryNotFoundError:
        return False
    except Exception as error:  # the classes of its HTTP client change between versions
        silence = error
    try:
        # Out of reach, but perhaps in the library's own cache.
        found = hf_hub_download(repository, file, endpoint=endpoint, local_files_only=silence is not None)
    except Exception as error:
        raise _out_of_reach(repository, endpoint, silence or error, ways) from error
    _link_or_copy(Path(found).resolve(), made / file)
    return True


def _out_of_reach(repository: str, endpoint: str | None, error: Exception, ways: Finding) -> HubError:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return HubError(
        "encoders.hub_did_not_answer",
        repository=repository,
        hub=endpoint or "https://huggingface.co",
        message=lines[0][:200].rstrip("."),
        remedy=ways,
    )


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)  # the hub's own cache keeps the file as well: one copy on the disk is enough
    except OSError:
        shutil.copyfile(source, target)


@contextmanager
def _no_progress_bars() -> Iterator[None]:
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    if are_progress_bars_disabled():
        yield
        return
    disable_progress_bars()
    try:
        yield
    finally:
        enable_progress_bars()
