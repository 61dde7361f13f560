"""Whether evidence about a document depends on what was learnt: it has to change with weights without meaning.

The model parameter randomisation test (Adebayo et al. 2018), of the head alone and with the network; without torch.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from headstart.encoders.spec import LoadedEncoder
from headstart.encoders.text.transformer import Transformer
from headstart.encoders.text.untrained import untrained_encoder
from headstart.explain.explained_model import ExplainedModel
from headstart.explain.shuffling import DEPENDENT, DRAWS, rank_correlation, shuffled_head
from headstart.explain.text.methods import EncodedText, compute_attribution, encode_texts, occluded, score_falls
from headstart.explain.values import Attribution
from headstart.runtime.catalogue import ENGLISH, Texts
from headstart.runtime.context import cache_folder
from headstart.runtime.findings import Finding

FEWEST = 3  # parts of a document: ranks of fewer say nothing
LARGEST = 40_000_000  # numbers of a network that is drawn at random for one explanation


@dataclass(frozen=True, slots=True)
class Dependence:
    """Rank correlations of the evidence with that of models without what was learnt.

    Attributes
    ----------
    head
        The head shuffled, the mean of several draws.
    everything
        The network with random weights besides; None where it takes no part, is large, or is no transformer.
    """

    head: float
    everything: float | None = None

    @property
    def dependent(self) -> bool:
        """Whether the evidence changes."""
        return min(self.head, 1.0 if self.everything is None else self.everything) < DEPENDENT

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {**asdict(self), "dependent": self.dependent}

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Write it for people."""
        steps = [
            Finding("explain.shuffled_evidence", {"what": Finding(f"explain.shuffled_{name}"), "alike": alike})
            for name, alike in asdict(self).items()
            if alike is not None
        ]
        said = texts.say("explain.randomised", {"steps": steps})
        return [said, *([] if self.dependent else [texts.say("explain.independent")])]


def measure_dependence(
    subject: ExplainedModel, seen: EncodedText, target: int, found: Attribution, seed: int
) -> Dependence | None:
    """Compare evidence (T,) with that of shuffled heads and of a random network; None of a short document."""
    if len(seen.parts) < FEWEST:
        return None
    generator = np.random.default_rng(seed)
    heads = [shuffled_head(subject.head, generator) for _ in range(DRAWS)]
    if found.method != "occlusion":
        others = [compute_attribution(replace(subject, head=head), seen, target, found.method).grid for head in heads]
        return Dependence(float(np.mean([rank_correlation(found.grid, one) for one in others])))
    documents = occluded(seen)
    features = encode_texts(subject, documents)
    alike = [rank_correlation(found.grid, score_falls(head, features, target)) for head in heads]
    network, everything = _untrained(subject, seed), None
    if network is not None:
        drawn = _encode(subject, network, documents)
        everything = rank_correlation(found.grid, score_falls(heads[0], drawn, target))
    return Dependence(float(np.mean(alike)), everything)


def _untrained(subject: ExplainedModel, seed: int) -> LoadedEncoder | None:
    try:
        network = Transformer(**subject.files.config)
    except TypeError:  # words, or a network that is no transformer
        return None
    if sum(math.prod(shape) for shape in network.shapes().values()) > LARGEST:
        return None
    return untrained_encoder(subject.encoder.spec, subject.files, seed, cache_folder())


def _encode(subject: ExplainedModel, network: LoadedEncoder, documents: Sequence[str]) -> Any:  # noqa: ANN401
    """Encode documents by another network, with the terms that they have for the model."""
    features = encode_texts(replace(subject, encoder=network), documents)
    return subject.encoder.complete(np.asarray(features), documents)
