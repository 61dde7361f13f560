import re

from timm import create_model

from headstart.encoders.catalogue import DEFAULT_ENCODER, EFFICIENTNET_LITE0, load_catalogue


def test_the_catalogue_holds_the_four_encoders_of_pictures_and_the_default_first():
    pictures = ["efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2", "mobilenetv2"]
    assert list(load_catalogue("image")) == pictures
    assert list(load_catalogue()) == [*pictures, *load_catalogue("text")]
    assert DEFAULT_ENCODER == "efficientnet_lite0"


def test_the_digest_in_a_lite_file_name_is_the_digest_on_record():
    for entry in load_catalogue().values():
        if "efficientnet" in entry.name:
            assert f"-{entry.sha256[:8]}.pth" in entry.file
        assert re.fullmatch(r"[0-9a-f]{64}", entry.sha256)


def test_dimension_and_input_size_are_what_timm_says():
    for entry in load_catalogue("image").values():
        network = create_model(entry.architecture, num_classes=0)
        assert network.num_features == entry.dimension
        assert network.pretrained_cfg["input_size"] == (3, entry.input_size, entry.input_size)


def test_the_default_encoder_is_pinned_to_the_version_headstart_installs():
    from importlib.metadata import version

    assert load_catalogue()[DEFAULT_ENCODER] is EFFICIENTNET_LITE0
    assert version(EFFICIENTNET_LITE0.package) == EFFICIENTNET_LITE0.package_version


def test_encoders_of_documents_have_their_files_with_digests_and_state_their_licence():
    for entry in load_catalogue("text").values():
        files = [*entry.others, *entry.parts]
        assert all(re.fullmatch(r"[0-9a-f]{64}", file.sha256) for file in files)
        assert len({file.file for file in files} | {entry.file}) == len(files) + 1
        assert entry.research_only == (entry.licence == "non-commercial")
