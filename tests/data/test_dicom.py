"""DICOM files are read as pydicom reads them, and no field about the patient leaves them."""

import io
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset as Fields
from pydicom.dataset import FileMetaDataset
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, JPEGLSLossless, MRImageStorage, RLELossless, generate_uid

import headstart as hs
from headstart.data.inspection import inspect_dataset
from headstart.data.inspection_report import inspection_findings
from headstart.data.readers import image_dicom
from headstart.data.readers.image import inspect_example, open_example
from headstart.data.readers.image_dicom import window_values
from headstart.data.sources import read_dataset
from headstart.errors import DataError, ExampleError

SLOPE = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)  # every value of 12 bits once


def fields(values=SLOPE, **changes):
    one = Fields()
    one.file_meta = FileMetaDataset()
    one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    one.file_meta.MediaStorageSOPClassUID = one.SOPClassUID = MRImageStorage
    one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID = generate_uid()
    one.PatientID, one.PatientName, one.PatientBirthDate = "Patient-4711", "Doe^Jane", "19700101"
    one.Rows, one.Columns = values.shape[-2:]
    one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
    one.BitsAllocated, one.BitsStored, one.HighBit = 16, 12, 11
    one.PixelRepresentation = int(values.dtype.kind == "i")
    one.PixelData = values.tobytes()
    for name, value in changes.items():
        setattr(one, name, value)
    return one


def encode(one):
    buffer = io.BytesIO()
    one.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def grey(one):
    return np.asarray(open_example(encode(one)))[:, :, 0].astype(float)


def reason(data):
    with pytest.raises(ExampleError) as caught:
        open_example(data, "a.dcm")
    assert inspect_example(data, "a.dcm").problem in (None, caught.value.why)
    return caught.value.reason


WINDOWS = [
    {"WindowCenter": 1000, "WindowWidth": 500},
    {"WindowCenter": ["40", "600"], "WindowWidth": ["400", "1500"], "RescaleSlope": "1", "RescaleIntercept": "-1024"},
    {"WindowCenter": 700, "WindowWidth": 300, "VOILUTFunction": "LINEAR_EXACT", "RescaleSlope": "0.5",
     "RescaleIntercept": "10"},
    {"WindowCenter": 2000, "WindowWidth": 900, "VOILUTFunction": "SIGMOID"},
]  # fmt: skip


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("signed", [False, True])
def test_a_window_shows_what_pydicom_shows(window, signed):
    values = (SLOPE.astype(np.int16) - 2048) if signed else SLOPE
    one = fields(values, **window)
    expected = apply_voi_lut(apply_modality_lut(values, one), one)
    slope, intercept = float(one.get("RescaleSlope", 1)), float(one.get("RescaleIntercept", 0))
    low, high = ((end * slope + intercept) for end in ((-2048, 2047) if signed else (0, 4095)))
    assert abs(grey(one) - 255 * (expected - low) / (high - low)).max() <= 1


def test_a_voi_lut_shows_what_pydicom_shows():
    lut = Fields()
    lut.LUTDescriptor = [4096, 0, 16]
    lut.LUTData = (65535 * (np.arange(4096) / 4095) ** 2).astype(np.uint16).tobytes()
    lut["LUTData"].VR = "OW"
    one = fields(VOILUTSequence=Sequence([lut]), WindowCenter=5, WindowWidth=5)
    assert abs(grey(one) - apply_voi_lut(SLOPE, one) / 257).max() <= 1


def test_without_a_window_the_range_that_can_be_stored_is_shown():
    assert np.array_equal(grey(fields()), np.rint(SLOPE / 4095 * 255))
    scaled = fields(RescaleSlope="2", RescaleIntercept="-1000")
    assert np.array_equal(grey(scaled), np.rint(SLOPE / 4095 * 255))
    assert abs(grey(fields(BitsStored=16, HighBit=15)) - SLOPE / 257).max() <= 0.5


def test_monochrome1_is_turned_round():
    for window in ({}, WINDOWS[0]):
        assert np.array_equal(
            grey(fields(PhotometricInterpretation="MONOCHROME1", **window)), 255 - grey(fields(**window))
        )


@given(
    center=st.floats(-2000, 5000),
    width=st.floats(1, 9000),
    function=st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"]),
)
@settings(deadline=None)
def test_every_window_rises_from_black_to_white(center, width, function):
    shares = window_values(np.arange(-5000.0, 9000.0), center, width, function)
    assert shares.min() >= 0
    assert shares.max() <= 1
    assert (np.diff(shares) >= -1e-12).all()


def test_colours_and_palettes_are_read():
    rgb = np.random.default_rng(0).integers(0, 256, (8, 9, 3), dtype=np.uint8)
    eight = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}
    one = fields(**eight, SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0)
    one.Rows, one.Columns, one.PixelData = 8, 9, rgb.tobytes()
    assert np.array_equal(np.asarray(open_example(encode(one))), rgb)
    indices = np.arange(64, dtype=np.uint8).reshape(8, 8)
    palette = {
        f"{name}PaletteColorLookupTable{part}": value
        for number, name in enumerate(("Red", "Green", "Blue"))
        for part, value in (
            ("Descriptor", [64, 0, 8]),
            ("Data", (np.arange(64, dtype=np.uint8) * (number + 1)).tobytes()),
        )
    }
    one = fields(indices.astype(np.uint16), **eight, PhotometricInterpretation="PALETTE COLOR", **palette)
    one.PixelData = indices.tobytes()
    assert open_example(encode(one)).getpixel((5, 1)) == (13, 26, 39)


def test_compressed_pixels_are_read_or_what_reads_them_is_said():
    one = fields()
    one.compress(RLELossless)
    assert np.array_equal(grey(one), grey(fields()))
    one.file_meta.TransferSyntaxUID = JPEGLSLossless
    assert reason(encode(one)).startswith("It is a DICOM file whose pixels are compressed (JPEG-LS Lossless")


def test_frames_that_are_not_used_are_said(tmp_path):
    several = fields(np.stack([SLOPE, SLOPE[::-1]]), NumberOfFrames=2)
    (tmp_path / "a.dcm").write_bytes(encode(several))
    assert np.array_equal(grey(several), grey(fields()))
    said = [str(one) for one in inspection_findings(inspect_dataset(read_dataset(tmp_path)))]
    assert said == ["1 picture has several frames (slices or times), of which the first is used: 'a.dcm'."]


def test_a_cut_file_and_one_without_a_picture_say_so():
    assert reason(encode(fields())[:-100]) == "The file is truncated: the end of the picture is missing."
    without = fields()
    del without.PixelData
    assert reason(encode(without)) == "It is a DICOM file without a picture in it."


@given(st.binary(max_size=400), st.integers(0, 1200))
@settings(max_examples=150, deadline=None)
def test_a_damaged_file_is_read_or_reported_and_nothing_of_the_patient_is_said(noise, place):
    data = encode(fields())
    damaged = data[:place] + noise + data[place + len(noise) :]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            assert open_example(damaged).mode == "RGB"
        except ExampleError as error:
            assert "4711" not in str(error)
            assert "Doe" not in str(error)


def test_without_its_package_the_file_says_which(monkeypatch):
    monkeypatch.setattr(image_dicom, "find_spec", lambda _: None)
    assert reason(encode(fields())) == (
        'It is a DICOM file; pip install "headstart[dicom]" reads it, or save it as 16-bit PNG.'
    )


# ---- patients


def scans(folder):
    """Two classes of noise, twelve files each, of six patients; the files have no suffix, as scanners write them."""
    random = np.random.default_rng(0)
    for number in range(24):
        label = "ab"[number % 2]
        values = random.integers(0, 1000 + 2000 * (number % 2), (40, 40)).astype(np.uint16)
        (folder / label).mkdir(parents=True, exist_ok=True)
        one = fields(values, PatientID=f"Patient-{4711 + number // 4}")
        (folder / label / f"IM{number:04}").write_bytes(encode(one))
    return folder


def test_patients_stay_on_one_side_of_a_split_and_are_kept_nowhere(tmp_path, session_cache):
    data = scans(tmp_path / "scans")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hs.HeadstartWarning)
        hs.fit(data, group_by="PatientID", head="centroid", out=tmp_path / "run", cache=session_cache)
    written = b"".join(path.read_bytes() for path in Path(tmp_path / "run").rglob("*") if path.is_file())
    assert b"Patient-47" not in written
    assert b"Jane" not in written
    rows = [line.split(",") for line in (tmp_path / "run" / "data.csv").read_text().splitlines()]
    split, group = (rows[0].index(name) for name in ("split", "group"))
    parts = {}
    for row in rows[1:]:
        parts.setdefault(row[group], set()).add(row[split])
    assert len(parts) == 6
    assert all(len(found) == 1 for found in parts.values())


def test_groups_of_a_field_are_said(tmp_path):
    dataset = read_dataset(scans(tmp_path), group_by="PatientID")
    assert str(dataset.notices[-1]) == (
        "The field PatientID makes 6 groups of 24 pictures; they are numbered, and what stands in it is kept nowhere."
    )


def test_a_field_that_no_file_has_is_refused(tmp_path):
    with pytest.raises(DataError, match="No file has the field 'AccessionNumber'"):
        read_dataset(scans(tmp_path), group_by="AccessionNumber")
    with pytest.raises(DataError, match="The group column 'patient' cannot be used here"):
        read_dataset(tmp_path, group_by="patient")


def test_a_slope_of_nothing_is_damage():
    assert (
        reason(encode(fields(RescaleSlope="0", RescaleIntercept="0"))) == "It is a damaged DICOM file (RescaleSlope)."
    )


def test_a_file_that_does_not_say_how_it_is_written_is_damaged():
    one = fields()
    buffer = io.BytesIO()
    one.file_meta, one.preamble = FileMetaDataset(), bytes(128)
    one.save_as(buffer, implicit_vr=True, little_endian=True)
    assert reason(buffer.getvalue()) == "It is a damaged DICOM file (TransferSyntaxUID)."


def test_values_of_32_bits_are_shown_over_what_can_be_stored_without_listing_it():
    deep = (SLOPE.astype(np.uint32) << 20) + SLOPE
    shown = grey(fields(deep, BitsAllocated=32, BitsStored=32, HighBit=31))
    assert np.abs(shown - deep / (2**32 - 1) * 255).max() <= 0.5
