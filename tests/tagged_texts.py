"""Made texts whose words have tags, and made questions about texts: small enough to learn in a second."""

import json
import random
from pathlib import Path

FIRST, SECOND = ("love", "war", "film"), ("song", "story", "plot")  # words of a name: the second may be missing
OTHERS = "the a good bad is was not very long short of and !".split()


def tagged(count: int, seed: int = 0) -> list[list[tuple[str, str]]]:
    """Texts in which some nouns are works of art."""
    draw = random.Random(seed)
    texts = []
    for _ in range(count):
        words = []
        for _ in range(draw.randint(1, 12)):
            words += [(draw.choice(OTHERS), "O") for _ in range(draw.randint(1, 3))]
            words += [(draw.choice(FIRST), "B-ART"), (draw.choice(SECOND), "I-ART")][: draw.randint(1, 2)]
        texts.append(words)
    return texts


def write_conll(path: Path, texts: list[list[tuple[str, str]]]) -> Path:
    blocks = ["\n".join(f"{word} NN {tag}" for word, tag in words) for words in texts]
    path.write_text("-DOCSTART- -X- O\n\n" + "\n\n".join(blocks) + "\n")
    return path


def write_squad(path: Path, count: int, seed: int = 0) -> Path:
    """Questions for the word behind ``the`` in a text; every fifth text holds none."""
    draw = random.Random(seed)
    paragraphs = []
    for number in range(count):
        words = draw.choices([word for word in OTHERS if word != "the"], k=draw.randint(4, 40))
        noun, place = draw.choice(FIRST), draw.randint(0, len(words))
        holds = number % 5 > 0
        if holds:
            words[place:place] = ["the", noun]
        text = " ".join(words)
        answers = [{"text": noun, "answer_start": text.index(f"the {noun}") + 4}] if holds else []
        asked = {"id": f"q{number}", "question": "what?", "answers": answers, "is_impossible": not holds}
        paragraphs.append({"context": text, "qas": [asked]})
    path.write_text(json.dumps({"version": "v2.0", "data": [{"title": "made", "paragraphs": paragraphs}]}))
    return path
