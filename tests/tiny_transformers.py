"""Small transformers with drawn weights, as folders: config.json, model.safetensors and tokenizer.json."""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from headstart.encoders.text.transformer import Transformer
from headstart.registry import Row

PLACE = "headstart.encoders."
ROW = Row(
    "text",
    preprocessing=f"{PLACE}preprocess.text_tokens:TextPreprocessing",
    encoders=f"{PLACE}text.loading:",
    engine=f"{PLACE}text.engine:TextEncoder",
)
WORDS = "the a good bad film plot song of and is was not very long short story about love war 你 好 店 吃 很 不".split()
ENDINGS = ["##s", "##ly", "##er", "##ing"]
LETTERS = [*"abcdefghijklmnopqrstuvwxyz.,!?[]<>-\ufffd"]
FRAMED_AS_BERT = ("bert", "distilbert")
SPECIAL = {"bert": ("[PAD]", "[UNK]", "[CLS]", "[SEP]"), "mpnet": ("<s>", "<pad>", "</s>", "[UNK]")}
CONFIG = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "hidden_act": "gelu",
    "max_position_embeddings": 64,
    "layer_norm_eps": 1e-6,
}
OWN = {
    "bert": {"type_vocab_size": 2, "pad_token_id": 0},
    "xlm-roberta": {"type_vocab_size": 1, "pad_token_id": 1},
    "mpnet": {"relative_attention_num_buckets": 32, "pad_token_id": 1},
    "distilbert": {"pad_token_id": 0},
}


DISTILLED = {
    "num_hidden_layers": "n_layers",
    "hidden_size": "dim",
    "num_attention_heads": "n_heads",
    "intermediate_size": "hidden_dim",
    "hidden_act": "activation",
    "encoder.layer": "transformer.layer",
    "attention.self.query": "attention.q_lin",
    "attention.self.key": "attention.k_lin",
    "attention.self.value": "attention.v_lin",
    "attention.output.dense": "attention.out_lin",
    "attention.output.LayerNorm": "sa_layer_norm",
    "intermediate.dense": "ffn.lin1",
    "output.dense": "ffn.lin2",
    "output.LayerNorm": "output_layer_norm",
}


def vocabulary(kind: str = "bert") -> list[str]:
    return [*SPECIAL["bert" if kind in FRAMED_AS_BERT else "mpnet"], *WORDS, *ENDINGS, *LETTERS]


def draw_tensors(network: Transformer, seed: int = 0) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(seed)
    tensors = {name: draw.normal(0, 0.3, shape).astype(np.float32) for name, shape in network.shapes().items()}
    return {name: 1 + tensor if "LayerNorm.weight" in name else tensor for name, tensor in tensors.items()}


def tokenizer_json(kind: str = "bert") -> dict:
    words = {word: number for number, word in enumerate(vocabulary(kind))}
    first, last = ("[CLS]", "[SEP]") if kind in FRAMED_AS_BERT else ("<s>", "</s>")
    special = [word for word in SPECIAL["bert" if kind in FRAMED_AS_BERT else "mpnet"]]
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {
        "version": "1.0",
        "truncation": {"max_length": 8, "strategy": "LongestFirst", "stride": 0, "direction": "Right"},
        "padding": None,
        "added_tokens": [{"id": words[word], "content": word, **flags} for word in special],
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                {"SpecialToken": {"id": first, "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": last, "type_id": 0}},
            ],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {word: {"id": word, "ids": [words[word]], "tokens": [word]} for word in (first, last)},
        },
        "decoder": None,
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": words,
        },
    }


def config_json(kind: str = "bert") -> dict:
    config = {"model_type": kind, "vocab_size": len(vocabulary(kind)), **CONFIG, **OWN[kind]}
    if kind == "distilbert":
        config = {DISTILLED.get(name, name): value for name, value in config.items() if name != "layer_norm_eps"}
    return config


def theirs(kind: str, name: str) -> str:
    """The name that transformers gives a tensor."""
    if kind == "distilbert":
        for ours, short in DISTILLED.items():
            name = name.replace(ours, short)
    if kind == "mpnet":
        for ours, short in (("query", "q"), ("key", "k"), ("value", "v")):
            name = name.replace(f"attention.self.{ours}", f"attention.attn.{short}")
        name = name.replace("attention.output.dense", "attention.attn.o")
        return name.replace("attention.output.LayerNorm", "attention.LayerNorm")
    return name


def save_transformer(folder: Path, kind: str = "bert", **changes: np.ndarray | None) -> Path:
    """Write a folder; changes are tensors by transformers' names, None for one to leave out."""
    folder.mkdir(parents=True, exist_ok=True)
    config = config_json(kind)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer_json(kind)))
    drawn = draw_tensors(Transformer.from_config(config, folder / "config.json"))
    tensors = {theirs(kind, name): tensor for name, tensor in drawn.items()} | changes
    kept = {name: tensor for name, tensor in tensors.items() if tensor is not None}
    save_file(kept, folder / "model.safetensors")
    return folder
