"""Bring any pretrained network to a machine without internet.

On a machine with internet (needs ``pip install timm``):

    python examples/closed_network.py carry resnet50.a1_in1k my-encoder/

Copy the folder ``my-encoder/`` (``config.json`` and ``model.safetensors``) over. On the machine without:

    python examples/closed_network.py fit flowers/ my-encoder/

A single file of weights works as well: give ``resnet50@weights.safetensors`` instead of the folder.
"""

import sys


def carry(name: str, folder: str) -> None:
    import timm

    network = timm.create_model(name, pretrained=True)
    timm.models.save_for_hf(network, folder, safe_serialization=True)
    print(f"{name} is in {folder}")


def fit(pictures: str, encoder: str) -> None:
    import headstart as hs

    model = hs.fit(pictures, encoder=encoder)
    print(f"Features of length {model.encoder.spec.dimension}, made by weights {model.encoder.spec.weights_digest}")
    print(f"Accuracy: {model.evaluation.accuracy}")


if __name__ == "__main__":
    verb, *arguments = sys.argv[1:]
    {"carry": carry, "fit": fit}[verb](*arguments)
