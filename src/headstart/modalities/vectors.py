"""Vectors: rows of a table, such as embeddings of another model or measurements."""

from headstart.registry import Row

VECTORS = Row(
    "vectors",
    suffixes=(),
    rows="headstart.data.readers.vectors:",
    reader="headstart.data.readers.vectors:",
    preprocessing="headstart.encoders.preprocess.vectors:VectorPreprocessing",
    encoders="headstart.encoders.simple.vectors:",
    simple="headstart.encoders.simple.vectors:",
    arms=("majority", "column", "probe"),
    baseline_head="headstart.heads.best_column:BestColumnFamily",
    uploads="headstart.serving.uploads.vectors:",
    page="vectors.html",
    hub="tabular",
    render="headstart.reporting.render.vectors:",
)
