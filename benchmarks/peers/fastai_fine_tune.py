"""fastai's ``fine_tune`` on a folder with two parts, on the CPU, with the weights Headstart uses.

One epoch with the network frozen and ``--epochs`` with all of it, as fastai's own introduction does it: pictures
cropped to 224 pixels, batches of 32, nothing augmented. It needs fastai: see requirements.txt beside it.
"""

import argparse
import json
import time
import warnings
from pathlib import Path

import lite0
import predictions

warnings.filterwarnings("ignore", category=FutureWarning)  # torch.jit.script, which fastai's own modules call
from fastai.vision.all import ImageDataLoaders, Resize, accuracy, set_seed, vision_learner  # noqa: E402


def main() -> None:
    """Train, then predict the part that was not trained on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with train/ and another part")
    parser.add_argument("--valid", default="val", help="name of the other part")
    parser.add_argument("--out", type=Path, required=True, help="CSV file to write: path, label, predicted")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=1)
    given = parser.parse_args()
    set_seed(given.seed, reproducible=True)
    loaders = ImageDataLoaders.from_folder(
        given.data, train="train", valid=given.valid, item_tfms=Resize(224), bs=32, device="cpu"
    )
    learner = vision_learner(
        loaders,
        lite0.ARCHITECTURE,
        metrics=accuracy,
        # timm takes them instead of asking the hub; fastai then normalises with this network's mean and deviation.
        pretrained_cfg_overlay={"state_dict": lite0.pretrained_weights()},
    )
    with learner.no_bar(), learner.no_logging():
        learner.fine_tune(given.epochs)
        start = time.perf_counter()
        probabilities, _ = learner.get_preds(dl=loaders.valid)
    names = [loaders.vocab[number] for number in probabilities.argmax(dim=1)]
    predictions.write_predictions(given.out, given.data, loaders.valid_ds.items, names)
    # fine_tune has predicted this part already, twice: doing it again only serves the comparison.
    print(json.dumps({"only_for_the_comparison": time.perf_counter() - start}))


if __name__ == "__main__":
    main()
