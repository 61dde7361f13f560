"""The file ``tokenizer.json`` of an encoder: written once, in a form that Python and JavaScript read alike."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from headstart.encoders.preprocess.text_tokens import PIECE, TextPreprocessing, open_tokenizer
from headstart.encoders.preprocess.text_vocabulary import INDEX, write_index
from headstart.errors import EncoderError
from headstart.runtime.hashing import sha256_of_file

FILE = "tokenizer.json"

# What SentencePiece's rule nmt_nfkc does beside NFKC: these vanish, these are spaces, and one is left as it is.
_GONE = "[\x01-\x08\x0b\x0e-\x1f\x7f\x8f\x9f]"
_SPACES = "[\t\n\x0c\r\x85\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]"
_WIDE_TILDE, _ASIDE = "\uff5e", "\ue0fe"  # a character for private use, which NFKC leaves alone


# What stands alone in one of the libraries for Python and JavaScript but not in the other: Han, and punctuation that
# Unicode did not have when the former learned its own.
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002ceaf\U0002f800-\U0002fa1f"
_LATER = "\u061d\u09fd\u0a76\u0c77\u0c84\u166d\u1b4e\u1b4f\u1b7d-\u1b7f\u2e43-\u2e4f\u2e52-\u2e5d"
_BERT = {"type": "BertPreTokenizer"}
_LARGE_SIGMA, _SMALL_SIGMA = "\u03a3", "\u03c3"  # one library writes the last of a word as another letter


def write_tokenizer(source: dict[str, Any], path: Path) -> None:
    """Write a tokenizer so that it cuts and fills nothing, and finds no special token in a document.

    Beside that of a large vocabulary lies an index of its pieces.
    """
    added = [token for token in source.get("added_tokens") or [] if not token.get("special")]
    plain = {**source, "truncation": None, "padding": None, "added_tokens": added}
    if source.get("pre_tokenizer") == _BERT:
        alone = {"type": "Split", "pattern": {"Regex": f"[{_HAN}{_LATER}]"}, "behavior": "Isolated", "invert": False}
        plain["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [alone, _BERT]}
    normal = source.get("normalizer") or {}
    if normal.get("type") == "BertNormalizer" and normal.get("lowercase"):
        small = {"type": "Replace", "pattern": {"String": _LARGE_SIGMA}, "content": _SMALL_SIGMA}
        plain["normalizer"] = {"type": "Sequence", "normalizers": [small, normal]}
    path.write_text(json.dumps(plain, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    write_index(plain, path.with_name(INDEX))


def read_tokenizer(path: Path) -> dict[str, Any]:
    """Read a file ``tokenizer.json`` as plain data; raises EncoderError."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found["model"]["vocab"], dict | list):
            raise TypeError("no vocabulary")
    except FileNotFoundError as error:
        raise EncoderError("encoders.no_tokenizer", folder=path.parent) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EncoderError("encoders.tokenizer_not_opened", path=path, error=str(error)[:200].rstrip(".")) from error
    return dict(found)


def unigram_tokenizer(pieces: Sequence[str], scores: Sequence[float], special: dict[str, int]) -> dict[str, Any]:
    """Describe a tokenizer of SentencePiece's kind Unigram with its rule nmt_nfkc.

    Parameters
    ----------
    pieces, scores
        The vocabulary in the order of its numbers, with logarithms of probabilities.
    special
        Numbers of the pieces ``bos``, ``eos``, ``unk`` and of others that never stand for text. They are renamed: their
        names end with a space, which no text has when pieces are looked for.
    """
    names = [f"<{name}> " for name in special]
    vocabulary = [[piece, score] for piece, score in zip(pieces, scores, strict=True)]
    for name, number in zip(names, special.values(), strict=True):
        vocabulary[number][0] = name
    replacements = [(_GONE, ""), (_SPACES, " "), (_WIDE_TILDE, _ASIDE), None, (_ASIDE, _WIDE_TILDE)]
    framed = {f"<{name}> ": special[name] for name in ("bos", "eos")}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {"type": "Sequence", "normalizers": [_replace(one) for one in replacements]},
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "WhitespaceSplit"},
                {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True},
            ],
        },
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                {"SpecialToken": {"id": "<bos> ", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "<eos> ", "type_id": 0}},
            ],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
            "special_tokens": {
                name: {"id": name, "ids": [number], "tokens": [name]} for name, number in framed.items()
            },
        },
        "decoder": {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True},
        "model": {"type": "Unigram", "unk_id": special["unk"], "vocab": vocabulary, "byte_fallback": False},
    }


def describe_preprocessing(path: Path, positions: int) -> TextPreprocessing:
    """Describe how a tokenizer's documents are prepared for a network of so many positions.

    Raises
    ------
    EncoderError
        When the tokenizer is damaged, or the network has too few positions for a token between those of a frame.
    """
    framed = open_tokenizer(path).encode("a")
    inside = [place for place, special in enumerate(framed.special_tokens_mask) if not special]
    first, last = (inside[0], inside[-1] + 1) if inside else (0, 0)
    before, after = tuple(framed.ids[:first]), tuple(framed.ids[last:])
    piece = min(PIECE, positions - len(before) - len(after))
    if piece < 1:
        raise EncoderError("encoders.too_few_positions", path=path, count=positions)
    digest = sha256_of_file(path)
    return TextPreprocessing(digest, before, after, _unknown(read_tokenizer(path)["model"]), piece, file=path)


def _replace(found: tuple[str, str] | None) -> dict[str, Any]:
    if found is None:
        return {"type": "NFKC"}
    pattern, content = found
    return {"type": "Replace", "pattern": {"Regex": pattern}, "content": content}


def _unknown(model: dict[str, Any]) -> int:
    if isinstance(model["vocab"], list):
        return int(model["unk_id"])
    return int(model["vocab"].get(model.get("unk_token"), -1))
