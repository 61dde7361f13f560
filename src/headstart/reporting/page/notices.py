"""What a run, a check or a comparison found, in the language of the page."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from headstart.reporting.page.blocks import Block, Points
from headstart.runtime.catalogue import Texts, texts_in
from headstart.runtime.findings import Finding


def notice_blocks(found: Iterable[Mapping[str, Any]], texts: Texts, leave_out: Collection[str] = ()) -> list[Block]:
    """List the findings of plain data in the language of the page, and after them what is known in English only.

    That is what an older Headstart wrote, in sentences, or what another package found. ``leave_out`` are codes that the
    page says in another place.
    """
    said, english, english_texts = dict[str, None](), dict[str, None](), texts_in("en", texts.modality)
    for data in found:
        findings = [Finding.from_json(one) for one in data.get("findings") or ()]
        for finding in findings:
            if finding.code not in leave_out and texts.find(finding.code):
                said[finding.render(texts)] = None
        known = {finding.render(english_texts) for finding in findings if texts.find(finding.code)}
        english |= dict.fromkeys(str(one) for one in data.get("notices") or () if str(one) not in known)
    if texts.language == "en":
        said, english = said | english, {}
    lists = ((said, ""), (english, "en"))
    return [Points(tuple(sentences), "quiet", language) for sentences, language in lists if sentences]
