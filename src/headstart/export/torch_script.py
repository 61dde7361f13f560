"""The torch form: timm's layout with a short script that opens it; no pickle, no code inside the weights."""

from importlib.util import find_spec
from pathlib import Path

from headstart.errors import MissingExtraError
from headstart.export.formats import Exporter, ExportFormat, Source
from headstart.export.predictors import Ask
from headstart.runtime.files import write_text
from headstart.runtime.findings import Finding
from headstart.runtime.progress import Progress
from headstart.saving.timm_layout import obstacle, write_timm_layout

SCRIPT = "predict_with_torch.py"
SCRIPT_TEXT = '''\
"""Say what is on a picture, with torch and timm alone: python predict_with_torch.py PICTURE."""

import sys
from pathlib import Path

import timm
from PIL import Image, ImageOps

network = timm.create_model(f"local-dir:{Path(__file__).parent}", pretrained=True).eval()
prepare = timm.data.create_transform(**timm.data.resolve_model_data_config(network))
picture = ImageOps.exif_transpose(Image.open(sys.argv[1])).convert("RGB")
probabilities = network(prepare(picture)[None]).softmax(1)[0].tolist()
print(*max(zip(probabilities, network.pretrained_cfg["label_names"], strict=True)))
'''


def write_torch(file: Path, form: ExportFormat, source: Source, progress: Progress) -> None:
    """Write ``model.safetensors`` (``file``), ``config.json`` and a script beside it."""
    _require_timm()
    write_timm_layout(file.parent, source.model, source.files)
    write_text(file.parent / SCRIPT, SCRIPT_TEXT)


def open_torch(file: Path, threads: int = 1) -> Ask:
    """Open the folder that ``file`` lies in with timm."""
    _require_timm()
    from headstart.encoders.timm_folder import open_timm_folder  # loads torch: seconds

    return open_timm_folder(file.parent)


def _require_timm() -> None:
    for package in ("torch", "timm"):
        if find_spec(package) is None:
            raise MissingExtraError(package, "train", "export.to_prove")


TORCH = Exporter(
    name="torch",
    title=Finding("export.kind_torch"),
    suffix=".safetensors",
    obstacle=obstacle,
    write=write_torch,
    open=open_torch,
    companions=("config.json", SCRIPT),
    only_form=Finding("export.torch_only_form"),
)
