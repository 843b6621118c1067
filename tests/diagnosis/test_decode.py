"""From bytes to text in every encoding that a Windows console writes."""

from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diagnosis.corpus import cases, invented_password
from tui.diagnosis import dsregcmd, manage_bde, msinfo32, network, volumes
from tui.diagnosis.decode import decode, make_sample
from tui.diagnosis.redact import MARKER

TEXTS = {
    "cp850": "Größe: 49 GB\nSchutzstatus: Der Schutz ist aktiviert.\nVerschlüsselungsmethode: keine\n",
    "cp1252": "Größe: 49 GB\nSchutzstatus: Der Schutz ist aktiviert.\nVerschlüsselungsmethode: keine\n",
    "cp936": "大小: 49 GB\n保护状态: 保护关闭\n锁定状态: 已解锁\n",
    "cp932": "サイズ: 49 GB\n変換状態: 暗号化は完全に解除されています\n保護状態: 保護はオフです\n",
    "cp949": "크기: 49 GB\n변환 상태: 완전 암호 해독됨\n보호 상태: 보호 해제\n",
    "cp950": "大小: 49 GB\n轉換狀態: 完全加密\n保護狀態: 保護開啟\n",
    "cp866": "Размер: 49 ГБ\nСостояние защиты: Защита отключена\n",
    "cp852": "Hasło numeryczne\nStan ochrony: Ochrona włączona\nMetoda szyfrowania: brak\n",
}
PIECES = [
    "Volume C: [", "]", "[OS Volume]", "\n", "  ", "Size:", "Percentage Encrypted:", "100,0%", "ID:", "{", "}",
    "TPM:", "4BB89AC4-C100-4214-A5DD-8FE1FC905CC7", ".BEK", "Password:", invented_password(5), "7, 11", "ERROR:",
    "PS C:\\> ", ">", "manage-bde -get c:", "MountPoint", ":", "KeyProtector", "---- ----", "[{", '"MountPoint":',
    '"value":[', "null", ",", "<Objs schemas.microsoft.com/powershell", "<Obj", "</Obj>", "AzureAdJoined", "YES",
    "PCR7", "\t", "BIOS", "<MsInfo>", "<Data>", "TcpTestSucceeded", "RemotePort", "WARNING:", "(192.0.2.7 : 443)",
    "Test-NetConnection", "None Found", "#",
]  # fmt: skip
FREE_TEXT = "Bonjour, après la mise à jour le PC demande une clé. Déjà essayé, très urgent, merci à tous.\n"


@pytest.mark.parametrize("code_page", TEXTS)
def test_a_code_page_is_found_by_what_it_says(code_page: str) -> None:
    text = TEXTS[code_page]
    found = decode(text.replace("\n", "\r\n").encode(code_page))
    assert found is not None
    assert (found.text, found.encoding) == (text, code_page)


@pytest.mark.parametrize(
    ("text", "code_page"),
    [
        ("Wolumin C:\nRozmiar: 2 GB\nOdblokowany, próba\n", "cp852"),
        ("Svazek C:\nVelikost: 2 GB\nÚdaje\n", "cp852"),
        ("Kötet C:\nMéret: 2 GB\nTitkosítási módszer: nincs\n", "cp1250"),
        ("Größe: 2 GB\nLaufwerk unbekannt\n", "cp850"),
    ],
)
def test_of_two_code_pages_that_say_the_same_the_language_has_one(text: str, code_page: str) -> None:
    found = decode(text.encode(code_page))
    assert found is not None
    assert (found.text, found.encoding) == (text, code_page)


@pytest.mark.parametrize("code_page", ["cp850", "cp1252"])
def test_prose_without_a_known_word_is_read_too(code_page: str) -> None:
    found = decode(FREE_TEXT.encode(code_page))
    assert found is not None
    assert found.text == FREE_TEXT


@pytest.mark.parametrize("text", TEXTS.values())
@pytest.mark.parametrize(
    ("mark", "codec", "encoding"),
    [
        (b"", "utf-8", "utf-8"),
        (b"\xef\xbb\xbf", "utf-8", "utf-8 with byte order mark"),
        (b"\xff\xfe", "utf-16-le", "utf-16-le with byte order mark"),
        (b"\xfe\xff", "utf-16-be", "utf-16-be with byte order mark"),
        (b"", "utf-16-le", "utf-16-le"),
        (b"", "utf-16-be", "utf-16-be"),
    ],
)
def test_unicode_is_read_with_and_without_a_mark(text: str, mark: bytes, codec: str, encoding: str) -> None:
    found = decode(mark + text.replace("\n", "\r\n").encode(codec))
    assert found is not None
    assert (found.text, found.encoding) == (text, encoding)


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16-be", "cp936"])
def test_a_character_cut_off_at_the_end_is_left_out(codec: str) -> None:
    text = "保护状态: 已解锁\n" * 3 + "保护"
    found = decode(text.encode(codec)[:-1])
    assert found is not None
    assert found.text == text[:-1]


@pytest.mark.parametrize(
    "data",
    [
        b"ElfFile\0" + bytes(100),
        b"PK\x03\x04" + bytes(60),
        bytes(range(256)) * 4,
        bytes(5000),
        b"\x01\x00\x00\x00\x03\x00\x00\x00" * 200,
    ],
)
def test_binary_has_no_text(data: bytes) -> None:
    assert decode(data) is None
    assert make_sample("a.bin", data).text is None


def test_an_empty_input_is_an_empty_text() -> None:
    sample = make_sample("empty.txt", b"")
    assert (sample.text, sample.encoding, sample.passwords_removed) == ("", "utf-8", 0)


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "cp850"])
def test_a_sample_holds_no_password_and_no_control(codec: str) -> None:
    password = invented_password(3)
    sample = make_sample("a.txt", f"Größe\x1b[31m\r\nKennwort: {password}\r\n".encode(codec))
    assert sample.text == f"Größe\nKennwort: {MARKER}\n"
    assert sample.passwords_removed == 1


def test_invisible_characters_do_not_hide_a_password() -> None:
    hidden = "\u200b".join(invented_password(4))
    sample = make_sample("a.txt", hidden.encode())
    assert sample.text == MARKER


@given(st.binary(max_size=600))
@settings(max_examples=200)
def test_no_bytes_make_it_fail(data: bytes) -> None:
    found = decode(data)
    assert found is None or ("\r" not in found.text and "\0" not in found.text.strip("\0"))


@pytest.mark.long
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=60), st.sampled_from(["", " ", "\n"]))
@settings(max_examples=20_000, deadline=None)
def test_no_mixture_of_formats_makes_a_parser_fail(pieces: list[str], between: str) -> None:
    sample = make_sample("a.txt", between.join(pieces).encode("utf-8", "replace"))
    for format in chain(manage_bde.FORMATS, volumes.FORMATS, dsregcmd.FORMATS, msinfo32.FORMATS, network.FORMATS):
        assert 0 <= format.recognise(sample) <= 100
        assert format.parse(sample).kind == format.name


@pytest.mark.parametrize("folder", ["manage-bde", "get-bitlockervolume", "msinfo32", "dsregcmd"])
def test_the_corpus_is_in_the_encodings_that_it_says(folder: str) -> None:
    found = {case.path.name: make_sample(case.path.name, case.data).encoding for case in cases(folder)}
    assert found == {case.path.name: case.expected.get("encoding", "utf-8") for case in cases(folder)}
