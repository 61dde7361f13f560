"""What one writes with sentence-transformers and scikit-learn, at their defaults, on the weights Headstart uses.

It reads a job (JSON) and prints what it measured (JSON). It needs sentence-transformers: see requirements-text.txt.
"""

import argparse
import json
import os
import time
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"  # the weights lie in a folder

import numpy as np
from sentence_transformers import SentenceTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC


def main() -> None:
    """Encode each list of texts, and fit and score what the job has labels for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("job", type=Path, help="JSON with model, texts, and perhaps fit and score")
    parser.add_argument("--vectors", type=Path, help="npz file to write: one matrix for each list of texts")
    given = parser.parse_args()
    job = json.loads(given.job.read_text(encoding="utf-8"))
    model = SentenceTransformer(job["model"], device="cpu")
    model.encode(["warm up"])
    seconds, vectors = {}, {}
    for name, texts in job["texts"].items():
        start = time.process_time()
        vectors[name] = model.encode(texts)
        seconds[name] = time.process_time() - start
    if given.vectors:
        np.savez(given.vectors, **vectors)
    print(json.dumps({"seconds": seconds, "accuracy": accuracies(model, job) if "fit" in job else {}}))


def accuracies(model: SentenceTransformer, job: dict) -> dict[str, float]:
    """Score the two usual ways on the same parts."""
    (texts, labels), (others, truth) = job["fit"], job["score"]
    words = make_pipeline(TfidfVectorizer(), LinearSVC()).fit(texts, labels)
    probe = LogisticRegression(max_iter=1000).fit(model.encode(texts), labels)
    return {
        "TF-IDF + LinearSVC": float(words.score(others, truth)),
        "sentence-transformers + logistic regression": float(probe.score(model.encode(others), truth)),
    }


if __name__ == "__main__":
    main()
