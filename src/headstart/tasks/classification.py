"""One class of several: the row of classification."""

from headstart.registry import Row

# The multi-layer perceptron is not tried unasked: it takes more than ten times as long as all others together, and
# seldom wins on frozen features.
AUTO = ("logistic", "ridge", "lda", "knn", "centroid")

CLASSIFICATION = Row(
    "classification",
    target="headstart.data.targets.classes:Classes",
    auto=AUTO,
    heads=(*AUTO, "mlp"),
    baseline_head="ridge",
    scorer="headstart.heads.class_scoring:ClassScorer",
    decoding="headstart.heads.probabilities:Softmax",
    predictor="headstart.uncertainty.classifier:SelectiveClassifier",
    policy="headstart.uncertainty.calibrate:fit_policy",
    card="headstart.saving.class_card:ClassCard",
    report="headstart.reporting.sections.classification:ClassReport",
    text="headstart.reporting.class_tables:predictions_to_text",
    csv="headstart.reporting.class_tables:predictions_to_csv",
    metrics="headstart.metrics.classification:METRICS",
)
