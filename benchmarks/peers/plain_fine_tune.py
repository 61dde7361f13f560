"""Fine-tuning in plain PyTorch, as a competent tutorial does it, on the CPU, with the weights Headstart uses.

One epoch with the network frozen and ``--epochs`` with all of it, AdamW with a cosine, random crops and flips, memory
in the order that convolutions like, pictures opened by threads while the network computes.
"""

import argparse
import json
import math
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import lite0
import predictions
import timm
import torch
from PIL import Image
from torchvision import transforms as T

MEAN = STD = (0.5, 0.5, 0.5)
LEARNING = T.Compose(
    [T.RandomResizedCrop(224, scale=(0.35, 1.0)), T.RandomHorizontalFlip(), T.ToTensor(), T.Normalize(MEAN, STD)]
)
SCORING = T.Compose(
    [T.Resize(256, T.InterpolationMode.BICUBIC), T.CenterCrop(224), T.ToTensor(), T.Normalize(MEAN, STD)]
)
BATCH = 32


def main() -> None:
    """Train, then predict the part that was not trained on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with train/ and another part")
    parser.add_argument("--valid", default="val", help="name of the other part")
    parser.add_argument("--out", type=Path, required=True, help="CSV file to write: path, label, predicted")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=3)
    given = parser.parse_args()
    torch.manual_seed(given.seed)
    pictures, scored = (sorted(given.data.glob(f"{part}/*/*.*")) for part in ("train", given.valid))
    classes = sorted({path.parent.name for path in pictures})
    labels = torch.tensor([classes.index(path.parent.name) for path in pictures])
    network = timm.create_model(lite0.ARCHITECTURE)
    network.load_state_dict(lite0.pretrained_weights())
    network.reset_classifier(len(classes))
    network.to(memory_format=torch.channels_last)
    head = set(network.get_classifier().parameters())
    for epochs, rate in ((1, 2e-3), (given.epochs, 5e-4)):
        for parameter in network.parameters():
            parameter.requires_grad_(parameter in head or epochs == given.epochs)
        train(network, pictures, labels, epochs, rate)
    network.eval()
    with torch.inference_mode():
        found = torch.cat([network(inputs) for inputs in batches(scored, torch.arange(len(scored)), SCORING)])
    names = [classes[number] for number in found.argmax(dim=1)]
    predictions.write_predictions(given.out, given.data, scored, names)
    print(json.dumps({"only_for_the_comparison": 0.0, "at": time.time()}))


def train(network: torch.nn.Module, pictures: list[Path], labels: torch.Tensor, epochs: int, rate: float) -> None:
    """Train what is not frozen."""
    moving = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(moving, lr=rate)
    steps = epochs * math.ceil(len(pictures) / BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    network.train()
    for _ in range(epochs):
        order = torch.randperm(len(pictures))
        wanted = zip(order.split(BATCH), batches(pictures, order, LEARNING), strict=True)
        for rows, inputs in wanted:
            if len(rows) == 1:
                continue
            loss = torch.nn.functional.cross_entropy(network(inputs), labels[rows], label_smoothing=0.1)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()


def batches(pictures: list[Path], order: torch.Tensor, transform: T.Compose) -> Iterator[torch.Tensor]:
    """Open pictures batch by batch, the next batch while this one is used."""

    def one(row: int) -> torch.Tensor:
        with Image.open(pictures[row]) as picture:
            made: torch.Tensor = transform(picture.convert("RGB"))
        return made

    with ThreadPoolExecutor(2) as workers:
        following: list[list] = []
        for rows in order.split(BATCH):
            following.append([workers.submit(one, int(row)) for row in rows])
            if len(following) > 1:
                yield _stacked(following.pop(0))
        yield from (_stacked(rest) for rest in following)


def _stacked(waiting: list) -> torch.Tensor:
    return torch.stack([future.result() for future in waiting]).contiguous(memory_format=torch.channels_last)


if __name__ == "__main__":
    main()
