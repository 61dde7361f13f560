"""Python and JavaScript take texts apart into the same tokens and the same terms, however odd a text is."""

import json
import shutil
import subprocess
from pathlib import Path
from unicodedata import ucd_3_2_0

import numpy as np
import pytest

from headstart.data.readers.text import clean_document
from headstart.encoders.preprocess.text_tokens import open_tokenizer
from headstart.encoders.text.tokenizer import unigram_tokenizer, write_tokenizer
from tiny_transformers import tokenizer_json

PACKAGES = Path(__file__).parent.parent / "javascript" / "node_modules"
PARTS = [
    *("the good film", "Storys ARE fun!", "don't", "[SEP] hi", "[CLS]", "<s>", "</s> <unk>", "[MASK]", "[UNK]", "##s"),
    *("你好，店", "很好吃。", "ｆｕｌｌ　ｗｉｄｔｈ", "東京タワー", "𠮷野家", "서울", "مرحبا بالعالم", "שלום", "नमस्ते"),
    *("ไทย", "Ελληνικός", "ΟΔΟΣ", "İstanbul", "e\u0301", "ﬁ", "½", "x²", "①", "～", "〜"),
    *("😀", "👩‍👩‍👧", "🇩🇪", "<bos> ", "\0", "\x07"),
    *("\x85", "\xa0", "\xad", "\u200b", "\ufeff", "\u2028", "\u3000", "\ue0fe", "\U0010ffff", "\t", "\n\n", "  "),
    *("\ud800", "\udc00", "\ufffd", "...", "2⸻3", "a" * 120, "__proto__", "http://a.b/?c=d&e"),
]  # fmt: skip
READ = """
import { readFileSync } from "node:fs";
import { Tokenizer } from "@huggingface/tokenizers";
const [file, texts] = process.argv.slice(2).map((name) => JSON.parse(readFileSync(name, "utf8")));
const tokenizer = new Tokenizer(file, {});
const clean = (text) => text.toWellFormed().replaceAll("\\0", "\\ufffd");
const take = (text) => tokenizer.encode(clean(text), { add_special_tokens: false }).ids;
console.log(JSON.stringify(texts.map(take)));
"""


def odd_texts(count: int = 500) -> list[str]:
    """Each part alone, then drawn together with and without blanks, then drawn characters of all planes."""
    random = np.random.default_rng(0)
    texts = [*PARTS, ""]
    while len(texts) < count - 100:
        glue = ["", " "][len(texts) % 2]
        texts.append(glue.join(random.choice(PARTS, random.integers(2, 7))))
    planes = [random.integers(1, top, (25, 12)) for top in (0x250, 0x3000, 0xD800, 0x20000)]
    known = [[chr(code) for code in row if ucd_3_2_0.category(chr(code)) != "Cn"] for plane in planes for row in plane]
    return [*texts, *map("".join, known)]  # what both libraries know: they have other versions of Unicode


def made_unigram() -> dict:
    """Characters and runs of the parts, those of texts first: scores fall without a tie."""
    words = [word for part in PARTS for word in clean_document(part).split()]
    lengths = (1, 2, 3, 5)
    runs = [f"\u2581{word}"[at : at + length] for word in words for length in lengths for at in range(len(word))]
    pieces = [*dict.fromkeys(runs[::2])]
    scores = [-1 - np.log1p(number) - 1e-3 * number % 0.7 for number in range(len(pieces))]
    special = {"bos": 0, "pad": 1, "eos": 2, "unk": 3}
    return unigram_tokenizer(["<s>", "<pad>", "</s>", "<unk>", *pieces], [0.0] * 4 + scores, special)


def javascript_ids(tokenizer: Path, texts: list[str], folder: Path) -> list[list[int]]:
    if not (folder / "node_modules").exists():
        (folder / "node_modules").symlink_to(PACKAGES)
    (folder / "read.mjs").write_text(READ, encoding="utf-8")
    (folder / "texts.json").write_text(json.dumps(texts), encoding="utf-8")
    command = ["node", "read.mjs", str(tokenizer), "texts.json"]
    answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


@pytest.mark.parametrize("made", [tokenizer_json, made_unigram], ids=["WordPiece", "Unigram"])
def test_500_odd_texts_have_the_same_tokens_in_javascript(tmp_path, made):
    if shutil.which("node") is None or not (PACKAGES / "@huggingface" / "tokenizers").is_dir():
        pytest.skip("node and the packages of tests/javascript are needed: make test, or npm ci in that folder")
    write_tokenizer(made(), tmp_path / "tokenizer.json")
    tokenizer, texts = open_tokenizer(tmp_path / "tokenizer.json"), odd_texts()
    assert len(texts) == 500
    python = [tokenizer.encode(clean_document(text), add_special_tokens=False).ids for text in texts]
    said = javascript_ids(tmp_path / "tokenizer.json", texts, tmp_path)
    assert [ascii(text) for text, one, other in zip(texts, python, said, strict=True) if one != other] == []
    assert len({token for ids in python for token in ids}) > 20
