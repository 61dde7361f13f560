"""The section with photographs: the worst mistakes and the most confident hits."""

from headstart.reporting.page.blocks import Block, Gallery, Paragraph, Section, Shown
from headstart.reporting.page.gallery import file_name, surest, worst
from headstart.reporting.page.numbers import count_text, percent
from headstart.reporting.page.values import Answer, PageData, RunData
from headstart.runtime.catalogue import Texts


def pictures_section(page: PageData, run: RunData, texts: Texts) -> Section:
    """Show where the model was sure and wrong, and where it was sure and right."""
    mistakes, hits = worst(run.answers), surest(run.answers)
    count = sum(bool(answer.label) and not answer.correct for answer in run.answers)
    blocks: list[Block] = []
    if mistakes:
        note = texts.say("page.gallery.mistakes_note", {"shown": len(mistakes), "count": count_text(count)})
        blocks.append(
            Gallery(texts.say("page.gallery.mistakes"), note, tuple(_shown(page, one, texts) for one in mistakes))
        )
    else:
        blocks.append(Paragraph(texts.say("page.gallery.no_mistakes"), "good"))
    if hits:
        blocks.append(
            Gallery(
                texts.say("page.gallery.hits"),
                texts.say("page.gallery.hits_note"),
                tuple(_shown(page, one, texts) for one in hits),
            )
        )
    if not any(file_name(answer.name) in page.pictures for answer in (*mistakes, *hits)):
        blocks.insert(0, Paragraph(texts.say("page.gallery.gone"), "quiet"))
    return Section("pictures", texts.say("page.section.pictures"), tuple(blocks))


def _shown(page: PageData, answer: Answer, texts: Texts) -> Shown:
    uri = page.pictures.get(file_name(answer.name), "")
    if answer.correct:
        values = {"label": answer.label, "probability": percent(answer.probability)}
        return Shown(uri, (texts.say("page.gallery.right", values),), answer.name)
    is_, said = (
        texts.say("page.gallery.is", {"label": answer.label}),
        texts.say("page.gallery.said", {"label": answer.predicted, "probability": percent(answer.probability)}),
    )
    return Shown(uri, (is_, said), answer.name, wrong=True)
