"""Weights are read as torch reads them, nothing in a file is executed, and no damage does worse than an error."""

import io
import os
import pickle
import tracemalloc
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headstart.encoders.checkpoints import read_checkpoint
from headstart.encoders.weights import find_weights
from headstart.errors import EncoderError
from headstart.runtime.catalogue import texts_in

NUMBERS = torch.arange(24.0).reshape(2, 3, 4)
KINDS = (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16,
         torch.int8, torch.uint8, torch.bool)  # fmt: skip
LAYOUTS = {
    "permuted": NUMBERS.permute(2, 0, 1),
    "channels last": torch.arange(48.0).reshape(1, 4, 3, 4).to(memory_format=torch.channels_last),
    "a part": NUMBERS[1, 1:, ::2],
    "the same numbers again": NUMBERS,
    "every other one": torch.arange(9)[1::2],
    "no axis": torch.tensor(7),
    "empty": torch.zeros(0, 3),
    "a parameter": torch.nn.Parameter(torch.ones(2)),
}


def assert_as_torch(path: Path) -> None:
    expected = torch.load(path, weights_only=True)
    got = read_checkpoint(path)
    assert list(got) == list(expected)
    for name, tensor in expected.items():
        same = tensor.detach().float() if tensor.dtype == torch.bfloat16 else tensor.detach()
        assert got[name].dtype == same.numpy().dtype and got[name].flags["C_CONTIGUOUS"], name
        np.testing.assert_array_equal(got[name], same.numpy(), err_msg=name)


@pytest.mark.parametrize("zipped", [True, False], ids=["archive", "before 1.6"])
def test_both_formats_of_torch_are_read_as_torch_reads_them(zipped, tmp_path):
    kinds = {str(kind): torch.tensor([0, 1, 2, 100]).to(kind) for kind in KINDS}
    norm = torch.nn.BatchNorm2d(3).state_dict()  # with the versions of its layers behind it
    for number, tensors in enumerate((kinds, LAYOUTS, norm)):
        torch.save(tensors, tmp_path / f"{number}.pth", _use_new_zipfile_serialization=zipped)
        assert_as_torch(tmp_path / f"{number}.pth")


def test_the_file_of_the_default_encoder_is_read_as_torch_reads_it(tmp_path):
    assert_as_torch(find_weights("efficientnet_lite0", tmp_path).path)


@pytest.mark.parametrize("kind", KINDS)
def test_safetensors_of_every_kind_of_numbers_are_read(kind, tmp_path):
    tensor = torch.tensor([[0, 1], [2, 100]]).to(kind)
    safetensors.torch.save_file({"a": tensor}, tmp_path / "weights.safetensors")
    got = read_checkpoint(tmp_path / "weights.safetensors")["a"]
    np.testing.assert_array_equal(got, tensor.float().numpy())
    assert got.dtype == (np.float32 if kind == torch.bfloat16 else tensor.numpy().dtype)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_numpys_archives_are_read(save, tmp_path):
    arrays = {"a/kernel": np.arange(6.0).reshape(2, 3), "b": np.asfortranarray(np.eye(2)), "c": np.array(3)}
    save(tmp_path / "weights.npz", **arrays)
    got = read_checkpoint(tmp_path / "weights.npz")
    assert list(got) == list(arrays)
    assert all(np.array_equal(got[name], arrays[name]) and got[name].dtype == arrays[name].dtype for name in arrays)


def archive(program: bytes, path: Path, numbers: bytes = bytes(16)) -> Path:
    """A file as torch writes it, with any pickle and the numbers of one storage."""
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("weights/data.pkl", program)
        made.writestr("weights/data/0", numbers)
    return path


class Call:
    """Pickled as a call of a function."""

    def __init__(self, function: object, *values: object) -> None:
        self.function, self.values = function, values

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.function, self.values


class Described(pickle.Pickler):
    """Writes a tuple that begins with "storage" as torch writes a storage."""

    def persistent_id(self, value: object) -> object:
        return value if isinstance(value, tuple) and value[:1] == ("storage",) else None


def described(*, offset: object, shape: object, strides: object) -> bytes:
    """The pickle of one tensor that claims this of a storage of four numbers."""
    storage = ("storage", torch.FloatStorage, "0", "cpu", 4)
    call = Call(torch._utils._rebuild_tensor_v2, storage, offset, shape, strides, False, OrderedDict())
    stream = io.BytesIO()
    Described(stream, protocol=2).dump({"a": call})
    return stream.getvalue()


REFUSED = {
    "a call": pickle.dumps(Call(os.mkdir, "pwned"), protocol=2),
    "a call in a newer protocol": pickle.dumps(Call(os.mkdir, "pwned")),
    "a call in the oldest protocol": b"\x80\x02" + pickle.dumps(Call(os.mkdir, "pwned"), protocol=0),
    "evaluated text": pickle.dumps(Call(eval, "__import__('os').mkdir('pwned')"), protocol=2),
    "an object": b"\x80\x02cos\nmkdir\nU\x05pwned\x85\x81.",
    "an instance": b"\x80\x02(U\x05pwnedios\nmkdir\n.",
    "an allowed name called with too much": b"\x80\x02ccollections\nOrderedDict\nK\x01K\x02\x86R.",
    "a storage called": b"\x80\x02ctorch\nFloatStorage\n)R.",
    "a name inside an allowed one": b"\x80\x02ccollections\nOrderedDict.fromkeys\n)R.",
    "a name that is no text": b"\x80\x04K\x01K\x02\x93.",
    "a memory it never wrote": b"\x80\x02h\x07.",
    "nothing": b"\x80\x02.",
    "no end": b"\x80\x02}",
    "a mark that is not there": b"\x80\x02]e.",
    "a name that takes for ever to hash": b"\x80\x02}K\x01" + b"q\x00h\x00\x86" * 60 + b"K\x01s.",
    "a called thing that takes for ever to hash": b"\x80\x02K\x01" + b"q\x00h\x00\x86" * 60 + b")R.",
    "a global that takes for ever to hash": b"\x80\x02K\x01" + b"q\x00h\x00\x86" * 60 + b"U\x01a\x93.",
    "a dictionary that is made again and again": b"\x80\x02ccollections\nOrderedDict\n](K\x01K\x02\x86e\x85R.",
    "a storage without a type": b"\x80\x02(U\x07storageK\x01U\x010U\x03cpuK\x01tQ.",
    "a tensor without a storage": b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(K\x01K\x00)))t\x85R.",
    "a number as the name of a storage": b"\x80\x02K\x01Q.",
    "a long text that is not there": b"\x80\x02X\xff\xff\xff\x7fabc.",
}


@pytest.mark.parametrize("program", REFUSED.values(), ids=REFUSED)
def test_a_program_that_does_more_than_describe_tensors_is_refused_and_runs_nothing(program, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plain.pth").write_bytes(program)
    for path in (archive(program, tmp_path / "archive.pth"), tmp_path / "plain.pth"):
        with pytest.raises(EncoderError) as caught:
            read_checkpoint(path)
        assert caught.value.code == "encoders.pickled_weights"
        assert (
            caught.value.sentences(texts_in("zh"))[1]
            == "它是 pickle 文件，其中不只有张量，或者已经损坏；加载它可能会执行外来代码。"
        )
    assert not (tmp_path / "pwned").exists()


def test_a_file_that_holds_itself_is_refused(tmp_path):
    # {"state_dict": itself}
    program = b"\x80\x02}q\x00X\x0a\x00\x00\x00state_dicth\x00s."
    with pytest.raises(EncoderError, match="Its entry 'state_dict' is no tensor"):
        read_checkpoint(archive(program, tmp_path / "weights.pth"))


CLAIMS = {
    "more than there is": {"offset": 0, "shape": (5,), "strides": (1,)},
    "beyond the end": {"offset": 2, "shape": (3,), "strides": (1,)},
    "before the start": {"offset": -1, "shape": (2,), "strides": (1,)},
    "backwards out": {"offset": 1, "shape": (3,), "strides": (-1,)},
    "steps out": {"offset": 0, "shape": (2,), "strides": (4,)},
    "steps that overflow": {"offset": 0, "shape": (5,), "strides": (2**60,)},
    "one number for ever": {"offset": 0, "shape": (2**40,), "strides": (0,)},
    "too large for a machine": {"offset": 0, "shape": (2**62, 2**62), "strides": (0, 0)},
    "negative": {"offset": 0, "shape": (-4,), "strides": (1,)},
    "text for a shape": {"offset": 0, "shape": ("aaaa", 10**12), "strides": (1, 1)},
    "text for a step": {"offset": 0, "shape": (1,), "strides": ("a",)},
    "no step": {"offset": 0, "shape": (2, 2), "strides": (1,)},
    "too many axes": {"offset": 0, "shape": (1,) * 100, "strides": (1,) * 100},
}


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_a_tensor_that_claims_what_its_storage_does_not_hold_is_refused(claim, tmp_path):
    path = archive(described(**claim), tmp_path / "weights.pth")
    tracemalloc.start()
    with pytest.raises(EncoderError) as caught:
        read_checkpoint(path)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()
    assert caught.value.code in ("encoders.unreadable_weights", "encoders.pickled_weights")


def test_a_tensor_of_an_empty_storage_is_refused(tmp_path):
    path = archive(described(offset=0, shape=(1024,), strides=(1,)), tmp_path / "weights.pth", b"")
    with pytest.raises(EncoderError) as caught:
        read_checkpoint(path)
    assert caught.value.values["error"].code == "encoders.weights_end_early"


@pytest.mark.parametrize("header", ["{'descr': '<f4', 'shape': (", " \n  x\n y", "-" * 9000])
def test_an_array_with_a_damaged_header_is_refused(header, tmp_path):
    with zipfile.ZipFile(tmp_path / "weights.npz", "w") as file:
        file.writestr("a.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode())
    with pytest.raises(EncoderError, match=r"weights\.npz"):
        read_checkpoint(tmp_path / "weights.npz")


@given(
    offset=st.integers(-2, 5),
    sides=st.lists(st.tuples(st.integers(-1, 5), st.integers(-2, 5)), max_size=3),
)
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_claim_is_read_as_torch_reads_it_or_refused(offset, sides, tmp_path):
    shape, strides = [tuple(side[k] for side in sides) for k in (0, 1)]
    path = archive(described(offset=offset, shape=shape, strides=strides), tmp_path / "weights.pth",
                   np.arange(4, dtype=np.float32).tobytes())  # fmt: skip
    inside = 0 <= offset < 4 and all(side > 0 for side in shape)
    reach = [offset + sum((side - 1) * step for side, step in sides if (step > 0) == up) for up in (True, False)]
    if inside and 0 <= reach[1] and reach[0] < 4:
        expected = np.lib.stride_tricks.as_strided(
            np.arange(4, dtype=np.float32)[offset:], shape, [4 * step for step in strides]
        )
        np.testing.assert_array_equal(read_checkpoint(path)["a"], expected)
    elif not any(side == 0 for side in shape):
        with pytest.raises(EncoderError):
            read_checkpoint(path)


def test_tensors_that_share_numbers_are_not_blown_up(tmp_path):
    """A kilobyte of text that asks for the same megabyte of numbers a thousand times."""
    shared = torch.zeros(2**18)
    torch.save({str(number): shared.view(-1) for number in range(100)}, tmp_path / "weights.pth")
    with pytest.raises(EncoderError) as caught:
        read_checkpoint(tmp_path / "weights.pth")
    assert caught.value.reason.endswith("its tensors are said to be larger than the file.")


def test_an_archive_of_numpy_that_unpacks_to_far_more_than_it_is_is_refused(tmp_path):
    np.savez_compressed(tmp_path / "weights.npz", a=np.zeros(10**7))
    with pytest.raises(EncoderError, match="its tensors are said to be larger than the file"):
        read_checkpoint(tmp_path / "weights.npz")


def test_objects_in_an_archive_of_numpy_are_refused(tmp_path):
    np.savez(tmp_path / "weights.npz", a=np.array([Call(os.mkdir, "pwned")], dtype=object))
    with pytest.raises(EncoderError, match="numbers of the kind object are not read"):
        read_checkpoint(tmp_path / "weights.npz")


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"version https://git-lfs.github.com/spec/v1"])
def test_what_is_no_file_of_weights_is_named(content, tmp_path):
    (tmp_path / "weights.pth").write_bytes(content)
    with pytest.raises(EncoderError) as caught:
        read_checkpoint(tmp_path / "weights.pth")
    assert caught.value.reason == "It is damaged or of another kind: it is no file of safetensors, NumPy or PyTorch."
    assert (
        caught.value.sentences(texts_in("zh"))[1]
        == "文件已损坏或属于其他类型：不是 safetensors、NumPy 或 PyTorch 的权重文件。"
    )


SMALL = {"a.weight": torch.arange(12.0).reshape(3, 4).T, "b": torch.arange(5), "c": torch.ones(2, dtype=torch.bfloat16)}


def small_file(name: str) -> bytes:
    stream = io.BytesIO()
    if name == "archive.pth":
        torch.save(SMALL, stream)
    elif name == "legacy.pth":
        torch.save(SMALL, stream, _use_new_zipfile_serialization=False)
    elif name.endswith("npz"):
        np.savez(stream, a=np.arange(6.0), b=np.arange(3))
    else:
        stream.write(safetensors.torch.save({name: tensor.contiguous() for name, tensor in SMALL.items()}))
    return stream.getvalue()


@pytest.mark.parametrize("name", ["archive.pth", "legacy.pth", "weights.npz", "weights.safetensors"])
@given(data=st.data())
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_of_any_kind_ends_in_an_error_or_in_numbers(name, data, tmp_path):
    content = bytearray(small_file(name))
    place = st.integers(0, len(content))
    for damage in data.draw(st.lists(st.sampled_from(["flip", "cut", "swap", "write"]), min_size=1, max_size=4)):
        at, other = sorted((data.draw(place), data.draw(place)))
        if damage == "flip" and at < len(content):
            content[at] ^= data.draw(st.integers(1, 255))
        elif damage == "cut":
            del content[at:other]
        elif damage == "swap":
            content[:] = content[:at] + content[other:] + content[at:other]
        else:
            content[at:at] = data.draw(st.binary(max_size=8))
    (tmp_path / name).write_bytes(content)
    tracemalloc.start()
    try:
        arrays = read_checkpoint(tmp_path / name)
    except EncoderError as error:
        assert error.code.startswith("encoders.")
    else:
        assert all(isinstance(array, np.ndarray) for array in arrays.values())
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 2**24
