"""Recovery key files in several languages; the password never comes out."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diagnosis.corpus import cases, disagreements
from tui.diagnosis.decode import make_sample
from tui.diagnosis.formats import identify
from tui.diagnosis.key_file import KIND, parse, recognise
from tui.diagnosis.redact import MARKER

KEY_ID = "4B82A66E-A0C0-4EF4-AB39-0123456789AB"
PASSWORD = "-".join(f"{word * 11:06d}" for word in (1201, 40000, 777, 65000, 31337, 5, 22222, 9999))
"""Invented."""

FORMS = {
    "en": ("BitLocker Drive Encryption recovery key", "Identifier:", "Recovery Key:"),
    "de": (
        "Wiederherstellungsschlüssel für die BitLocker-Laufwerkverschlüsselung",
        "Bezeichner:",
        "Wiederherstellungsschlüssel:",
    ),
    "fr": ("Clé de récupération du chiffrement de lecteur BitLocker", "Identificateur :", "Clé de récupération :"),
    "es": ("Clave de recuperación de Cifrado de unidad BitLocker", "Identificador:", "Clave de recuperación:"),
    "it": ("Chiave di ripristino Crittografia unità BitLocker", "Identificatore:", "Chiave di ripristino:"),
    "ru": ("Ключ восстановления шифрования диска BitLocker", "Идентификатор:", "Ключ восстановления:"),
    "ja": ("BitLocker ドライブ暗号化 回復キー", "識別子:", "回復キー:"),
    "zh-CN": ("BitLocker 驱动器加密恢复密钥", "标识符:", "恢复密钥:"),
    "zh-TW": ("BitLocker 磁碟機加密修復金鑰", "識別碼:", "修復金鑰:"),
    "ko": ("BitLocker 드라이브 암호화 복구 키", "식별자:", "복구 키:"),
}


def _file(locale: str, key_id: str = KEY_ID, password: str = PASSWORD) -> str:
    title, identifier, key = FORMS[locale]
    return f"{title}\r\n\r\n{identifier}\r\n\r\n\t{key_id}\r\n\r\n{key}\r\n\r\n\t{password}\r\n"


def test_the_corpus_agrees() -> None:
    for case in cases("recovery-key-file"):
        parsed = identify(make_sample(case.path.name, case.data))
        assert parsed.kind == KIND
        assert disagreements(case.expected, parsed.facts) == []


@pytest.mark.parametrize("locale", FORMS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_in_any_language_and_encoding(locale: str, encoding: str) -> None:
    sample = make_sample(f"BitLocker {KEY_ID}.TXT", _file(locale).encode(encoding))
    parsed = identify(sample)
    assert parsed.kind == KIND
    assert parsed.facts["locale"] == locale
    assert parsed.facts["key_id"] == KEY_ID
    assert parsed.facts["key_id_prefix"] == KEY_ID[:8]
    assert parsed.facts["password"] == MARKER
    assert PASSWORD[:6] not in repr(parsed)


def test_what_is_masked_or_missing_is_said() -> None:
    masked = _file("en", password="-".join(["XXXXXX"] * 8))
    parsed = identify(make_sample("key.txt", masked.encode()))
    assert parsed.facts["password"] is None
    assert any("masked" in problem for problem in parsed.problems)
    other = identify(make_sample(f"BitLocker Recovery Key {KEY_ID.replace('4', '5')}.TXT", _file("en").encode()))
    assert any("another identifier" in problem for problem in other.problems)


def test_other_outputs_are_no_key_file() -> None:
    transcript = f"manage-bde -protectors -get C:\n    Numerical Password:\n      ID: {{{KEY_ID}}}\n"
    transcript += f"      Password:\n        {PASSWORD}\n"
    assert recognise(make_sample("out.txt", transcript.encode())) == 0
    assert recognise(make_sample("mail.txt", f"the key {PASSWORD} is for you".encode())) == 0


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=600))
def test_any_bytes_are_read(data: bytes) -> None:
    sample = make_sample("x.txt", data)
    assert 0 <= recognise(sample) <= 100
    assert parse(sample).kind == KIND
