"""What one writes without a library: a frozen network in a plain PyTorch loop, then scikit-learn's regression."""

import argparse
import json
from pathlib import Path

import lite0
import numpy as np
import numpy.typing as npt
import predictions
import timm
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder


def main() -> None:
    """Encode both parts, fit on one, predict the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with train/ and another part")
    parser.add_argument("--valid", default="val", help="name of the other part")
    parser.add_argument("--out", type=Path, required=True, help="CSV file to write: path, label, predicted")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.manual_seed(given.seed)
    network = timm.create_model(lite0.ARCHITECTURE)
    network.load_state_dict(lite0.pretrained_weights())
    network.reset_classifier(0)
    network.eval()
    settings = timm.data.resolve_model_data_config(network)
    transform = timm.data.create_transform(**settings, is_training=False)
    train = ImageFolder(str(given.data / "train"), transform)
    valid = ImageFolder(str(given.data / given.valid), transform)
    head = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, random_state=given.seed))
    head.fit(encode(network, train), train.targets)
    names = [train.classes[number] for number in head.predict(encode(network, valid))]
    predictions.write_predictions(given.out, given.data, [Path(path) for path, _ in valid.samples], names)
    print(json.dumps({"only_for_the_comparison": 0.0}))


def encode(network: torch.nn.Module, pictures: ImageFolder) -> npt.NDArray[np.float32]:
    """Give the features of all pictures, shape (N, D)."""
    with torch.inference_mode():
        batches = [network(batch).numpy() for batch, _ in DataLoader(pictures, batch_size=32, num_workers=2)]
    return np.concatenate(batches)


if __name__ == "__main__":
    main()
