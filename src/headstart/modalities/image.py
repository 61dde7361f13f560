"""Images: files of pictures, arrays of pixels, images of Pillow."""

from headstart.registry import Row

IMAGE = Row(
    "image",
    settings="headstart.settings.image:ImageSettings",
    suffixes="headstart.data.readers.image_formats:FORMAT_OF_SUFFIX",
    reader="headstart.data.readers.image:",
    preprocessing="headstart.encoders.preprocess.image:ImagePreprocessing",
    encoders="headstart.encoders.loading:",
    simple="headstart.encoders.simple.image:",
    baseline_arm="colours",
    augment="headstart.finetuning.augment.image:",
    graph="headstart.export.preprocess.image:",
)
