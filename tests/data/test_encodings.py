"""Text whose encoding nothing tells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.data.encodings import decode, encoding_findings

CHINESE = "path,label\na/1.png,玫瑰\na/2.png,向日葵\na/3.png,鹦鹉\n"
WESTERN = "path,label\na/1.png,Rosé\na/2.png,Größe\na/3.png,Æble\na/4.png,naïve\n"


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),  # what Excel calls Unicode text
        ("utf-32", "utf-32"),
        ("gbk", "gb18030"),
        ("gb18030", "gb18030"),
    ],
)
def test_chinese_text_is_read_in_every_encoding_that_chinese_programs_write(encoding: str, name: str) -> None:
    assert decode(CHINESE.encode(encoding)) == (CHINESE, name)


def test_big_endian_utf16_with_its_mark_is_read() -> None:
    assert decode(b"\xfe\xff" + CHINESE.encode("utf-16-be"))[0] == CHINESE


@pytest.mark.parametrize("text", [WESTERN, "label\nGröße\n", "label\nÄÖÜ\nBär\n", "naïéve", "£5, 20 °C, “quoted”"])
def test_western_text_of_windows_is_not_taken_for_chinese(text: str) -> None:
    assert decode(text.encode("cp1252")) == (text, "cp1252")


@pytest.mark.parametrize("text", ["鹦鹉", "a,鹦鹉\nb,蜻蜓\n", "img_猪.png", "类别：鸟、狗", "ＡＢＣ"])
def test_short_chinese_text_is_recognised(text: str) -> None:
    assert decode(text.encode("gbk")) == (text, "gb18030")


def test_bytes_of_no_encoding_are_refused_with_the_place_of_the_first_wrong_one() -> None:
    with pytest.raises(UnicodeDecodeError) as error:
        decode(b"label\n\x81\n")
    assert error.value.start == 6
    with pytest.raises(UnicodeDecodeError):
        decode(b"\xff\xfe\x00")


def test_only_a_guessed_encoding_is_worth_a_word() -> None:
    assert not any(encoding_findings("It", name) for name in ("utf-8", "utf-8-sig", "utf-16"))
    (said,) = encoding_findings("The table 'a.csv'", "cp1252")
    assert str(said).startswith("The table 'a.csv' is not UTF-8; it was read as CP1252. Look at the names")


@given(st.text(), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
def test_whatever_unicode_writes_is_read_again(text: str, encoding: str) -> None:
    if encoding == "utf-8" and text.startswith("\ufeff"):
        text = text.lstrip("\ufeff")  # a mark of its own
    assert decode(text.encode(encoding))[0] == text


@given(st.binary())
def test_any_bytes_are_decoded_or_refused(data: bytes) -> None:
    try:
        text, name = decode(data)
    except UnicodeDecodeError:
        return
    assert text.encode(name) == data or name in ("utf-16", "utf-32", "utf-8-sig")
