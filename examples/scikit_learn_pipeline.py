"""Headstart inside scikit-learn: cross-validation and a search over heads, on the same stored features.

python examples/scikit_learn_pipeline.py flowers/
"""

import sys
from pathlib import Path

from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from headstart import ImageEmbedder, TransferClassifier


def main(folder: str) -> None:
    paths = sorted(str(path) for path in Path(folder).glob("*/*") if path.is_file())
    labels = [Path(path).parent.name for path in paths]
    folds = StratifiedKFold(n_splits=3, shuffle=True, random_state=0)

    # Pictures are encoded once: every fold and every setting below reads the stored features.
    pipeline = make_pipeline(ImageEmbedder(), StandardScaler(), LogisticRegression(max_iter=1000))
    scores = cross_val_score(pipeline, paths, labels, cv=folds)
    print(f"Accuracy in each of {len(scores)} folds: {scores.round(3)}")

    search = GridSearchCV(pipeline, {"logisticregression__C": [0.01, 1.0, 100.0]}, cv=folds)
    search.fit(paths, labels)
    print(f"Best strength: C = {search.best_params_['logisticregression__C']}, accuracy {search.best_score_:.3f}")

    heads = GridSearchCV(TransferClassifier(), {"head": ["centroid", "ridge", "lda"]}, cv=folds)
    heads.fit(paths, labels)
    print(f"Best head: {heads.best_params_['head']}, accuracy {heads.best_score_:.3f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
