import json

import numpy as np
import onnx
import pytest
import timm
import torch
from safetensors.torch import load_file, save_file
from timm.data import ImageNetInfo

from headstart.encoders import networks
from headstart.encoders.checkpoints import read_checkpoint, with_timm_names
from headstart.encoders.networks import build_network, compare_graph, export_graph
from headstart.encoders.weights import find_weights
from headstart.errors import EncoderError, UnknownNameError


@pytest.fixture(scope="module")
def network(tiny_file):
    return build_network(find_weights(f"test_resnet@{tiny_file}", tiny_file.parent))


def save(network: torch.nn.Module, path, **renamed: str) -> str:
    tensors = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    save_file(tensors, path)
    return f"test_resnet@{path}"


@pytest.mark.parametrize(
    ("name", "classes"),
    [
        ("cat", {"tiger cat", "Egyptian cat", "tabby"}),
        ("coffee", {"espresso"}),
        ("china", {"palace"}),
        ("flower", {"daisy"}),
    ],
)
def test_the_default_weights_know_the_imagenet_class_of_a_photograph(name, classes, photographs, lite0, imagenet):
    batch = torch.from_numpy(lite0.preprocess(photographs[name])[None])
    with torch.inference_mode():
        best = int(imagenet(batch).argmax())
    assert ImageNetInfo().index_to_description(best).split(",")[0] in classes


@pytest.fixture(scope="module")
def imagenet(lite0, session_cache):
    """The default network with its classifier of 1000 classes."""
    weights = find_weights("efficientnet_lite0", session_cache)
    full = timm.create_model(weights.architecture).eval()
    names = list(timm.create_model(weights.architecture, num_classes=0).state_dict())
    tensors = with_timm_names(read_checkpoint(weights.path), names)
    full.load_state_dict({name: torch.from_numpy(array) for name, array in tensors.items()}, strict=True)
    return full


def test_the_classifier_on_the_encoders_features_gives_timms_logits(photographs, lite0, imagenet):
    batch = np.stack([lite0.preprocess(picture) for picture in photographs.values()])
    with torch.inference_mode():
        expected = imagenet(torch.from_numpy(batch))
        got = imagenet.classifier(torch.from_numpy(lite0.encode(batch)))
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-4)


def test_the_default_encoder_is_described_in_full(lite0):
    spec = lite0.spec
    assert (spec.name, spec.architecture, spec.dimension) == ("efficientnet_lite0", "tf_efficientnet_lite0", 1280)
    assert (spec.licence, spec.engine, spec.precision) == ("Apache-2.0", "onnxruntime", "fp32")
    assert spec.classifier == "classifier"
    picture = spec.preprocessing
    assert (picture.height, picture.width, picture.interpolation) == (224, 224, "bicubic")
    assert (picture.crop_fraction, picture.mean, picture.std) == (0.875, (0.5,) * 3, (0.5,) * 3)


def test_features_are_timms_own_before_the_classifier(network, tiny_file, noise):
    full = timm.create_model("test_resnet").eval()
    full.load_state_dict(load_file(tiny_file))
    batch = torch.from_numpy(noise)
    with torch.inference_mode():
        expected = full.forward_head(full.forward_features(batch), pre_logits=True)
        torch.testing.assert_close(network.module(batch), expected)
        torch.testing.assert_close(full.get_submodule(network.classifier)(network.module(batch)), full(batch))
    assert network.dimension == 96


@pytest.mark.parametrize("classes", [0, 1, 7])
def test_weights_with_any_classifier_or_none_are_loaded(classes, network, tmp_path, random_network):
    name = save(random_network("test_resnet", num_classes=classes), tmp_path / "w.safetensors")
    loaded = build_network(find_weights(name, tmp_path)).module.state_dict()
    expected = random_network("test_resnet", num_classes=classes).state_dict()
    assert all(torch.equal(loaded[name], expected[name]) for name in loaded)


def test_a_checkpoint_in_the_layout_of_another_library_is_converted_by_timm(tmp_path, random_network):
    # The first releases of ConvNeXt named their tensors otherwise; timm converts them.
    theirs = random_network("test_convnext").state_dict()
    renamed = {}
    for name, tensor in theirs.items():
        name = name.replace("stem.0", "downsample_layers.0.0").replace("stem.1", "downsample_layers.0.1")
        name = name.replace("conv_dw", "dwconv").replace("mlp.fc", "pwconv").replace("head.norm.", "norm.")
        parts = name.split(".")
        if parts[0] == "stages":
            kind, rest = parts[2], parts[3:]
            name = ".".join(["stages", parts[1], *rest] if kind == "blocks" else ["downsample_layers", parts[1], *rest])
        renamed[name.replace("head.fc.", "head.")] = tensor.contiguous()
    assert set(renamed) != set(theirs)
    save_file(renamed, tmp_path / "w.safetensors")
    loaded = build_network(find_weights(f"test_convnext@{tmp_path / 'w.safetensors'}", tmp_path)).module.state_dict()
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in loaded.items())


def test_a_missing_tensor_is_never_left_at_random(tmp_path, random_network):
    tensors = random_network("test_resnet").state_dict()
    del tensors["layer1.0.conv1.weight"]
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, tmp_path / "w.safetensors")
    name = f"test_resnet@{tmp_path / 'w.safetensors'}"
    with pytest.raises(EncoderError) as caught:
        build_network(find_weights(name, tmp_path))
    assert caught.value.problem == f"The weights of {name} do not fit the network test_resnet."
    assert 'Missing key(s) in state_dict: "layer1.0.conv1.weight"' in caught.value.reason
    assert caught.value.remedy == "Check the name of the network before the @, or the architecture in config.json."


def test_weights_of_another_network_are_refused(tiny_file, tmp_path):
    with pytest.raises(EncoderError, match="do not fit the network test_vit"):
        build_network(find_weights(f"test_vit@{tiny_file}", tmp_path))


def test_an_unknown_architecture_gets_the_nearest_one(tiny_file, tmp_path):
    with pytest.raises(UnknownNameError) as caught:
        build_network(find_weights(f"test_resnt@{tiny_file}", tmp_path))
    assert str(caught.value) == (
        f"timm has no network 'test_resnt'. It is the network of the encoder 'test_resnt@{tiny_file}'. "
        "Did you mean 'test_resnet'?"
    )


def folder_with(tmp_path, network: torch.nn.Module, config: dict) -> str:
    (tmp_path / "config.json").write_text(json.dumps(config))
    save_file({k: v.contiguous() for k, v in network.state_dict().items()}, tmp_path / "model.safetensors")
    return str(tmp_path)


def test_a_folder_decides_preprocessing_and_shape_of_its_network(tmp_path, random_network):
    picture = {"input_size": [3, 96, 64], "interpolation": "bilinear", "crop_pct": 0.9, "crop_mode": "squash"}
    picture |= {"mean": [0.1, 0.2, 0.3], "std": [0.4, 0.5, 0.6], "num_classes": 3, "classifier": "fc", "new_key": 1}
    config = {"architecture": "test_resnet", "num_classes": 3, "pretrained_cfg": picture}
    config["model_args"] = {"stem_width": 8}
    name = folder_with(tmp_path, random_network("test_resnet", num_classes=3, stem_width=8), config)
    built = build_network(find_weights(name, tmp_path))
    assert (built.preprocessing.height, built.preprocessing.width) == (96, 64)
    assert (built.preprocessing.interpolation, built.preprocessing.crop_mode) == ("bilinear", "squash")
    assert built.preprocessing.mean == (0.1, 0.2, 0.3)
    assert built.config["model_args"] == {"stem_width": 8}


def test_the_kept_configuration_opens_in_timm_with_the_same_features(network, tmp_path, noise):
    name = folder_with(tmp_path, network.module, network.config)
    opened = timm.create_model(f"local-dir:{name}", pretrained=True).eval()
    with torch.inference_mode():
        batch = torch.from_numpy(noise)
        torch.testing.assert_close(opened(batch), network.module(batch))
    again = build_network(find_weights(name, tmp_path))
    assert again.preprocessing == network.preprocessing


def test_a_network_for_grey_pictures_is_refused(tmp_path, random_network):
    config = {"architecture": "test_resnet", "pretrained_cfg": {"input_size": [1, 64, 64], "num_classes": 3}}
    config["model_args"] = {"in_chans": 1}
    name = folder_with(tmp_path, random_network("test_resnet", num_classes=3, in_chans=1), config)
    with pytest.raises(EncoderError, match="does not take colour pictures"):
        build_network(find_weights(name, tmp_path))


def test_a_network_with_two_classifiers_has_none_to_replace(tmp_path, random_network):
    path = tmp_path / "w.safetensors"
    arguments = {"img_size": 32, "depth": 1}
    config = {"architecture": "deit_tiny_distilled_patch16_224", "model_args": arguments}
    config["pretrained_cfg"] = {"input_size": [3, 32, 32], "num_classes": 1000, "classifier": ["head", "head_dist"]}
    network = random_network("deit_tiny_distilled_patch16_224", **arguments)
    assert build_network(find_weights(folder_with(tmp_path, network, config), path)).classifier == ""


def test_the_graph_computes_what_the_network_computes(network, tiny):
    assert 0 < compare_graph(network, tiny.files.graph) < 1e-5


def test_the_graph_holds_no_path_of_this_machine(lite0):
    content = lite0.files.graph.read_bytes()
    assert b"site-packages" not in content
    assert b".py" not in content


def test_the_graph_takes_batches_of_any_length(lite0):
    (pixels,) = onnx.load(lite0.files.graph).graph.input
    assert [d.dim_param or d.dim_value for d in pixels.type.tensor_type.shape.dim] == ["batch", 3, 224, 224]


def test_a_graph_that_computes_something_else_is_refused(network, tmp_path, tiny):
    model = onnx.load(tiny.files.graph)
    weight = next(i for i in model.graph.initializer if len(i.dims) == 4)
    changed = onnx.numpy_helper.to_array(weight) * 1.01
    weight.CopyFrom(onnx.numpy_helper.from_array(changed.astype(np.float32), weight.name))
    onnx.save(model, tmp_path / "g.onnx")
    with pytest.raises(EncoderError) as caught:
        compare_graph(network, tmp_path / "g.onnx")
    assert caught.value.problem == "The ONNX graph of test_resnet does not compute what the network computes."
    assert caught.value.reason.endswith("(relative); at most 1e-04 is accepted.")


def test_a_graph_whose_features_are_not_numbers_is_refused(network, tmp_path, tiny):
    model = onnx.load(tiny.files.graph)
    weight = next(i for i in model.graph.initializer if len(i.dims) == 4)
    changed = np.full(tuple(weight.dims), np.nan, dtype=np.float32)
    weight.CopyFrom(onnx.numpy_helper.from_array(changed, weight.name))
    onnx.save(model, tmp_path / "g.onnx")
    with pytest.raises(EncoderError, match="does not compute what the network computes"):
        compare_graph(network, tmp_path / "g.onnx")


def test_a_network_that_cannot_be_exported_says_why(network, tmp_path, monkeypatch):
    def refuse(*args: object, **kwargs: object) -> None:
        raise RuntimeError("an operator is not known.\nmany more lines")

    monkeypatch.setattr(networks.torch.onnx, "export", refuse)
    with pytest.raises(EncoderError) as caught:
        export_graph(network, tmp_path / "g.onnx")
    assert str(caught.value) == ("The network test_resnet cannot be exported to ONNX. an operator is not known.")
    assert not list(tmp_path.iterdir())
