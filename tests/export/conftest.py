"""The models and the network that the tests of the saving stage use."""

from saving.conftest import files, head, model, network, on_network

__all__ = ["files", "head", "model", "network", "on_network"]
