"""Text: documents in files, in a column of a table, or as strings."""

from headstart.registry import Row

TEXT = Row(
    "text",
    suffixes=(".txt",),
    accompanies=True,
    rows="headstart.data.readers.text:",
    reader="headstart.data.readers.text:",
    preprocessing="headstart.encoders.preprocess.text:",
    encoders="headstart.encoders.text.source:",
    simple="headstart.encoders.simple.text:",
    engine="headstart.encoders.text.source:open_network",
    arms=("majority", "words", "zero_shot", "random", "probe", "stacked"),
    references=("words", "scratch", "matched", "random"),  # words cost least and often do as well
    untrained="headstart.encoders.text.untrained:untrained_encoder",
    baseline_head="headstart.heads.words:WordsFamily",
    terms=True,
    similarity="headstart.audit.similarity.text:",
    shortcuts="headstart.audit.shortcuts.text:",
    networks="headstart.encoders.text.torch_transformer:",
    views="headstart.finetuning.text_views:",
    training="headstart.settings.text:TRAINING",
    explainers="headstart.explain.text.explaining:",
    figures="headstart.reporting.explanations.text_figure:TextFigure",
    page_explanations="headstart.serving.explanations.text:explain_for_page",
    uploads="headstart.serving.uploads.text:",
    page="text.html",
    hub="text",
    teach="teach_text.html",
    graph="headstart.export.preprocess.text:",
    render="headstart.reporting.render.text:",
)
