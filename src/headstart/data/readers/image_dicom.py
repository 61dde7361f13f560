"""DICOM files, as scanners write them, through ``pydicom``: pixels and what says how they are shown, nothing else.

No field about the patient is read, but for the one that a user groups examples by, and that is never kept.
"""

import io
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from headstart.data.readers.image_conversion import Unreadable, from_array
from headstart.data.readers.image_grey import VALUES, GreyValues

# What a picture needs; whoever is on it, and everything else, stays in the file.
_FIELDS = (
    *("Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelData"),
    *("ModalityLUTSequence", "RescaleSlope", "RescaleIntercept", "SOPClassUID"),
    *("VOILUTSequence", "WindowCenter", "WindowWidth", "VOILUTFunction"),
    *("RedPaletteColorLookupTableDescriptor", "RedPaletteColorLookupTableData"),
    *("GreenPaletteColorLookupTableDescriptor", "GreenPaletteColorLookupTableData"),
    *("BluePaletteColorLookupTableDescriptor", "BluePaletteColorLookupTableData"),
)
Values = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class DicomFile:
    """A DICOM file that was read, and is not decoded yet."""

    fields: Any  # a pydicom.Dataset

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return int(self.fields.Columns), int(self.fields.Rows)

    @property
    def frames(self) -> int:
        """How many pictures it holds."""
        return int(self.fields.get("NumberOfFrames") or 1)

    @property
    def is_grey(self) -> bool:
        """Whether it has no colours."""
        return str(self.fields.get("PhotometricInterpretation", "")).startswith("MONOCHROME")

    def decode(self) -> Image.Image:
        """Decode the first frame: modality LUT, then the first window or VOI LUT, else the range that can be stored.

        Raises
        ------
        Unreadable
            When it is compressed in a way that nothing here can undo, or damaged.
        """
        values = self._pixels()
        return _show_grey(values, self.fields) if self.is_grey else _show_colours(values, self.fields)

    def _pixels(self) -> Values:
        from pydicom.pixels.utils import pixel_array

        try:
            values: Values = pixel_array(self.fields, index=0)
        except (RuntimeError, NotImplementedError) as error:
            syntax = self.fields.file_meta.TransferSyntaxUID.name
            raise Unreadable("data.dicom_compressed", syntax=syntax) from error
        return values


def open_dicom(data: bytes) -> DicomFile:
    """Read a DICOM file; raises Unreadable without ``pydicom``, for a damaged file, and for one without a picture."""
    if find_spec("pydicom") is None:
        raise Unreadable("data.dicom_needs_package")
    fields = _read(data, _FIELDS)
    if "PixelData" not in fields or not (fields.get("Rows") and fields.get("Columns")):
        raise Unreadable("data.dicom_without_pixels")
    if "TransferSyntaxUID" not in fields.file_meta:
        raise Unreadable("data.damaged_format", format="DICOM", error="TransferSyntaxUID")
    opened = DicomFile(fields)
    if not fields.file_meta.TransferSyntaxUID.is_compressed:
        width, height = opened.size
        bits = width * height * opened.frames * int(fields.get("SamplesPerPixel", 1)) * int(fields.BitsAllocated)
        if str(fields.get("PhotometricInterpretation", "")) != "YBR_FULL_422" and len(fields.PixelData) * 8 < bits:
            raise Unreadable("data.truncated")
    return opened


def read_field(data: bytes, keyword: str) -> str | None:
    """Read one field by its keyword, such as ``PatientID``; None where it is not there. Raises Unreadable."""
    value = str(_read(data, (keyword,)).get(keyword, "")).strip()
    return value or None


def is_field(keyword: str) -> bool:
    """Return whether the standard has a field of this keyword; never without ``pydicom``."""
    if find_spec("pydicom") is None:
        return False
    from pydicom.datadict import tag_for_keyword

    return tag_for_keyword(keyword) is not None


def window_values(values: Values, center: float, width: float, function: str = "LINEAR") -> npt.NDArray[np.float64]:
    """Map values through a window to 0 (black) to 1, by PS3.3 C.11.2.1.2 of the standard.

    Examples
    --------
    >>> window_values(np.array([-160, 40, 240]), 40, 400, "LINEAR_EXACT").tolist()
    [0.0, 0.5, 1.0]
    """
    if function == "SIGMOID":
        return np.asarray(1 / (1 + np.exp(np.clip(-4 * (values - center) / width, -700, 700))))  # no overflow
    shift, span = (0.0, width) if function == "LINEAR_EXACT" else (0.5, width - 1)
    if span <= 0:  # a window of one value is a threshold
        return np.asarray((values > center - shift).astype(np.float64))
    return np.asarray(np.clip((values - (center - shift)) / span + 0.5, 0, 1))


def _read(data: bytes, keywords: tuple[str, ...]) -> Any:  # noqa: ANN401 - a pydicom.Dataset
    from pydicom import dcmread

    try:
        return dcmread(io.BytesIO(data), specific_tags=[*keywords], stop_before_pixels="PixelData" not in keywords)
    except Exception as error:
        # On a damaged file pydicom raises anything; what it says may name what stands in a field.
        raise Unreadable("data.damaged_format", format="DICOM", error=type(error).__name__) from None


def _show_grey(stored: Values, fields: Any) -> Image.Image:  # noqa: ANN401 - a pydicom.Dataset
    from pydicom.pixels.processing import apply_modality_lut, apply_voi

    values = apply_modality_lut(stored, fields)
    bits, inverted = int(fields.BitsStored), fields.PhotometricInterpretation == "MONOCHROME1"
    possible = apply_modality_lut(_storable(fields), fields)
    low, high = float(possible.min()), float(possible.max())
    windows = fields.get("WindowCenter") is not None and fields.get("WindowWidth") is not None
    if fields.get("VOILUTSequence"):
        top = 2 ** int(fields.VOILUTSequence[0].LUTDescriptor[2]) - 1
        shares = apply_voi(np.rint(values).astype(np.int64), fields) / top
    elif windows:
        center, width = (float(np.ravel(one)[0]) for one in (fields.WindowCenter, fields.WindowWidth))
        shares = window_values(values, center, width, str(fields.get("VOILUTFunction") or "LINEAR"))
    elif high > low:
        shares = (values - low) / (high - low)
    else:  # a slope of 0
        raise Unreadable("data.damaged_format", format="DICOM", error="RescaleSlope")
    grey = np.rint(np.clip(shares, 0, 1) * 255).astype(np.uint8)
    picture = Image.fromarray(255 - grey if inverted else grey).convert("RGB")
    if bits > 8:
        chosen = bool(windows or fields.get("VOILUTSequence"))
        picture.info[VALUES] = GreyValues(values, low, high, inverted, chosen)
    return picture


def _storable(fields: Any) -> Values:  # noqa: ANN401 - a pydicom.Dataset
    """Return the values that can be stored; their ends alone where no table, which may go up and down, maps them."""
    bits, signed = int(fields.BitsStored), int(fields.get("PixelRepresentation", 0))
    lowest = -(2 ** (bits - 1)) if signed else 0
    highest = lowest + 2**bits - 1
    return np.arange(lowest, highest + 1) if fields.get("ModalityLUTSequence") else np.array([lowest, highest])


def _show_colours(values: Values, fields: Any) -> Image.Image:  # noqa: ANN401 - a pydicom.Dataset
    if fields.get("PhotometricInterpretation") == "PALETTE COLOR":
        from pydicom.pixels.processing import apply_color_lut

        values = apply_color_lut(values, fields)
        bits = int(fields.RedPaletteColorLookupTableDescriptor[2])
    else:
        bits = int(fields.BitsStored)
    return from_array(values if bits == 8 and values.dtype == np.uint8 else values / (2**bits - 1))
