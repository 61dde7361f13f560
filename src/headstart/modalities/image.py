"""Images: files of pictures, arrays of pixels, images of Pillow."""

from headstart.registry import Row

IMAGE = Row(
    "image",
    settings="headstart.settings.image:ImageSettings",
    suffixes="headstart.data.readers.image_formats:FORMAT_OF_SUFFIX",
    reader="headstart.data.readers.image:",
    preprocessing="headstart.encoders.preprocess.image:ImagePreprocessing",
    adapt="headstart.encoders.preprocess.image_range:adapt",
    encoders="headstart.encoders.loading:",
    simple="headstart.encoders.simple.image:",
    untrained="headstart.encoders.random_init:untrained_encoder",
    arms=("majority", "colours", "random", "probe"),
    references=("scratch", "matched", "random", "colours"),
    similarity="headstart.audit.similarity.image:",
    shortcuts="headstart.audit.shortcuts.image:",
    quality="headstart.audit.quality.image:",
    networks="headstart.encoders.image_networks:",
    views="headstart.finetuning.image_views:",
    augment="headstart.finetuning.augment.image:",
    explainers="headstart.explain.image.explaining:",
    figures="headstart.reporting.explanations.image_figure:FigureSheet",
    averages="headstart.reporting.explanations.image_averages:write_averages",
    page_explanations="headstart.serving.explanations.image:explain_for_page",
    uploads="headstart.serving.uploads.image:",
    page="index.html",
    hub="image",
    teach="teach.html",
    render="headstart.reporting.render.image:",
    graph="headstart.export.preprocess.image:",
    timm=True,
)
