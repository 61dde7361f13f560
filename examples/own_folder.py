"""From a folder of pictures to a saved model, step by step.

    python examples/own_folder.py flowers/ rose.jpg

``flowers/`` holds one folder of pictures per class; the second argument is any picture.
"""

import sys

import headstart as hs


def main(folder: str, picture: str) -> None:
    model = hs.fit(folder, seed=0)
    evaluation = model.evaluation  # of the part of the folder that was held out
    print(f"Accuracy on {evaluation.count} held-out pictures: {evaluation.accuracy}")
    for row in evaluation.per_class:
        print(f"  {row.name}: {row.support} pictures, recall {row.recall}")

    answer = model.predict(picture)
    print(f"{picture}: {answer.label} ({answer.probability:.0%})")

    model.save("own-folder-model")
    again = hs.load("own-folder-model")
    assert again.predict(picture) == answer  # a saved model says the same


if __name__ == "__main__":
    main(*sys.argv[1:])
