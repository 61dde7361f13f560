"""One class of several: the row of classification."""

from headstart.tasks.base import define_task

CLASSIFICATION = define_task(
    "classification",
    target="headstart.data.targets.classes:Classes",
    # The multi-layer perceptron is not tried unasked: it takes more than ten times as long as all others together, and
    # seldom wins on frozen features.
    auto=("logistic", "ridge", "lda", "knn", "centroid"),
    quick_head="ridge",
    ranked_heads=("lda",),
    scorer="headstart.heads.class_scoring:ClassScorer",
    decoding="headstart.heads.probabilities:Softmax",
    predictor="headstart.uncertainty.classifier:SelectiveClassifier",
    policy="headstart.uncertainty.calibrate:fit_policy",
    policy_files="headstart.uncertainty.serialisation:",
    loss="headstart.finetuning.class_loss:ClassLoss",
    measures="headstart.studies.class_measures:measure_classes",
    across="headstart.studies.class_distance:probe_across",
    review="headstart.audit.label_noise:review_labels",
    card="headstart.saving.class_card:ClassCard",
    report="headstart.reporting.sections.classification:ClassReport",
    check_parity="headstart.export.parity_check:check_parity",
    explained=True,
    answers="headstart.serving.class_schemas:CLASSES",
    text="headstart.reporting.class_tables:predictions_to_text",
    csv="headstart.reporting.class_tables:predictions_to_csv",
    metrics="headstart.metrics.classification.metrics:METRICS",
)
