"""manage-bde in many languages and disguises. All samples are invented."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diagnosis.corpus import agreement, disguises, invented_password
from tui.diagnosis.decode import make_sample
from tui.diagnosis.manage_bde import FORMATS
from tui.diagnosis.redact import MARKER, PART_MARKER
from tui.diagnosis.sample import Parsed

PASSWORD = invented_password(11)
KEY = "4BB89AC4-C100-4214-A5DD-8FE1FC905CC7"


def read(data: bytes | str, name: str = "a.txt") -> Parsed:
    """What the format that recognises a sample best makes of it."""
    sample = make_sample(name, data.encode() if isinstance(data, str) else data)
    scores = {format.name: format.recognise(sample) for format in FORMATS}
    best = max(FORMATS, key=lambda format: scores[format.name])
    assert scores[best.name] > 0, "not recognised"
    return best.parse(sample)


def status(header: str, kind: str, labels: str, values: list[str], protectors: list[str]) -> str:
    """A status output: labels parted by a bar, one value each, and the lines under the last label."""
    names = labels.split("|")
    lines = [f"    {name:<30}{value}".rstrip() for name, value in zip(names, [*values, ""], strict=True)]
    return "\n".join([header, kind, "", *lines, *(f"        {name}" for name in protectors), ""])


LANGUAGES: dict[str, tuple[str, str, str, list[str], list[str], str | None]] = {
    "en": (
        "Volume C: [Windows]", "[OS Volume]",
        "Size:|BitLocker Version:|Conversion Status:|Percentage Encrypted:|Encryption Method:|Protection Status:"
        "|Lock Status:|Identification Field:|Key Protectors:",
        ["237,86 GB", "2.0", "Used Space Only Encrypted", "100,0%", "XTS-AES 256", "Protection On", "Unlocked",
         "Unknown"],
        ["TPM And PIN", "Numerical Password"], None,
    ),
    "de": (
        'Volume "C:" [Windows]', "[Betriebssystemvolume]",
        "Größe:|BitLocker-Version:|Konvertierungsstatus:|Verschlüsselt (Prozent):|Verschlüsselungsmethode:"
        "|Schutzstatus:|Sperrungsstatus:|ID-Feld:|Schlüsselschutzvorrichtungen:",
        ["237,86 GB", "2.0", "Nur verwendeter Speicherplatz ist verschlüsselt", "100,0 %", "XTS-AES 256",
         "Der Schutz ist aktiviert.", "Entsperrt", "Unbekannt"],
        ["TPM und PIN", "Numerisches Kennwort"], "cp850",
    ),
    "fr": (
        "Volume C: [Windows]", "[Volume du système d\u2019exploitation]",
        "Taille :|Version de BitLocker :|État de la conversion :|Pourcentage chiffré :|Méthode de chiffrement :"
        "|État de la protection\u00a0:|État du verrouillage :|Champ d\u2019identification :|Protecteurs de clés :",
        ["237,86 Go", "2.0", "Espace utilisé uniquement chiffré", "100,0%", "XTS-AES 256", "Protection activée",
         "Déverrouillé", "Inconnu"],
        ["TPM et code PIN", "Mot de passe numérique"], "cp1252",
    ),
    "es": (
        "Volumen C: [Windows]", "[Volumen del sistema operativo]",
        "Tamaño:|Versión de BitLocker:|Estado de conversión:|Porcentaje cifrado:|Método de cifrado:"
        "|Estado de protección:|Estado de bloqueo:|Campo de identificación:|Protectores de clave:",
        ["237,86 GB", "2.0", "Solo espacio utilizado cifrado (espacio utilizado)", "100,0%", "XTS-AES 256",
         "Protección activada", "Desbloqueado", "Desconocido"],
        ["TPM y PIN", "Contraseña numérica"], "cp850",
    ),
    "ja": (
        "ボリューム C: [Windows]", "[OS ボリューム]",
        "サイズ:|BitLocker のバージョン:|変換状態:|暗号化された割合:|暗号化の方法:|保護状態:|ロック状態:"
        "|識別子フィールド:|キーの保護機能:",
        ["237.86 GB", "2.0", "使用領域のみ暗号化", "100.0%", "XTS-AES 256", "保護はオンです", "ロック解除", "不明"],
        ["TPM および PIN", "数字パスワード"], "cp932",
    ),
    "ko": (
        "C: 볼륨 [Windows]", "[OS 볼륨]",
        "크기:|BitLocker 버전:|변환 상태:|암호화된 비율:|암호화 방법:|보호 상태:|잠금 상태:|ID 필드:"
        "|키 보호기:",
        ["237.86GB", "2.0", "사용된 공간만 암호화됨", "100.0%", "XTS-AES 256", "보호 설정", "잠금 해제됨",
         "알 수 없음"],
        ["TPM 및 PIN", "숫자 암호"], "cp949",
    ),
    "zh-CN": (
        "卷 C: [Windows]", "[OS 卷]",
        "大小:|BitLocker 版本:|转换状态:|已加密百分比:|加密方法:|保护状态:|锁定状态:|标识字段:|密钥保护器:",
        ["237.86 GB", "2.0", "仅加密了已用空间", "100.0%", "XTS-AES 256", "保护已启用", "已解锁", "未知"],
        ["TPM 和 PIN", "数字密码"], "cp936",
    ),
    "ru": (
        "Том C: [Windows]", "[Том операционной системы]",
        "Размер:|Версия BitLocker:|Состояние преобразования:|Процент шифрования:|Метод шифрования:|Состояние защиты:"
        "|Состояние блокировки:|Поле идентификации:|Предохранители ключа:",
        ["237,86 ГБ", "2.0", "Зашифровано только занятое место", "100,0%", "XTS-AES 256", "Защита включена",
         "Разблокировано", "Неизвестно"],
        ["TPM и PIN", "Числовой пароль"], "cp866",
    ),
    "pl": (
        "Wolumin C: [Windows]", "[Wolumin systemu operacyjnego]",
        "Rozmiar:|Wersja funkcji BitLocker:|Stan konwersji:|Procent zaszyfrowania:|Metoda szyfrowania:|Stan ochrony:"
        "|Stan blokady:|Pole identyfikacji:|Funkcje ochrony klucza:",
        ["237,86 GB", "2.0", "Zaszyfrowano tylko używane miejsce", "100,0%", "XTS-AES 256", "Ochrona włączona",
         "Odblokowany", "Nieznane"],
        ["TPM i PIN", "Hasło numeryczne"], "cp852",
    ),
}  # fmt: skip
EXPECTED: dict[str, Any] = {
    "mount": "C:",
    "label": "Windows",
    "volume_type": "os",
    "size_gb": 237.86,
    "bitlocker_version": "2.0",
    "conversion_status": "UsedSpaceOnlyEncrypted",
    "percent_encrypted": 100.0,
    "encryption_method": "XtsAes256",
    "protection": "On",
    "lock": "Unlocked",
    "identification_field": "Unknown",
    "auto_unlock": None,
    "protectors": ["TpmPin", "RecoveryPassword"],
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_status_says_the_same_in_every_language_and_disguise(language: str) -> None:
    text, page = status(*LANGUAGES[language][:5]), LANGUAGES[language][5]
    for disguise, data in disguises(text, page).items():
        parsed = read(data)
        assert parsed.kind == "manage-bde-status", disguise
        assert parsed.facts["volumes"] == [EXPECTED], disguise
        assert parsed.facts["locale"] == language, disguise


def test_a_language_nobody_knows_is_read_by_structure() -> None:
    labels = "Aaa:|Bbb:|Ccc:|Ddd:|Eee:|Fff:|Ggg:|Hhh:|Iii:"
    values = ["237,86 GB", "2.0", "Jjj", "%100,0", "XTS-AES 256", "Kkk", "Lll", "Mmm"]
    volume = read(status("Nnn C: [Windows]", "[Ooo]", labels, values, ["TPM"])).facts["volumes"][0]
    unknowable = {"conversion_status": None, "protection": None, "identification_field": "Mmm", "protectors": ["Tpm"]}
    assert volume == EXPECTED | unknowable


def test_a_decrypted_volume_of_an_unknown_language_is_unprotected() -> None:
    labels = "Aaa:|Bbb:|Ccc:|Ddd:|Eee:|Fff:|Ggg:|Hhh:|Iii:"
    values = ["10 GB", "Jjj", "Kkk", "0,0%", "Jjj", "Lll", "Mmm", "Jjj"]
    text = status("Nnn D: []", "[Ooo]", labels, values, []).replace("Iii:", "Iii:    Ppp")
    volume = read(text).facts["volumes"][0]
    assert (volume["conversion_status"], volume["protection"], volume["encryption_method"]) == (
        "FullyDecrypted",
        "Off",
        "None",
    )
    assert volume["protectors"] == []


LOCKED = """Volume E: [Label Unknown]
[Data Volume]

    Size:                 Unknown GB
    BitLocker Version:    2.0
    Conversion Status:    Unknown
    Percentage Encrypted: Unknown%
    Encryption Method:    AES 128 with Diffuser
    Protection Status:    Unknown
    Lock Status:          Locked
    Identification Field: Unknown
    Automatic Unlock:     Disabled
    Key Protectors:
        Password
        Data Recovery Agent (Certificate Based)
        TPM And PIN And Startup Key
        TPM And Startup Key
        External Key
"""


def test_a_locked_volume_is_unknown_and_no_guess() -> None:
    both = read(f"{LOCKED}\n{status(*LANGUAGES['en'][:5])}").facts["volumes"]
    assert both[1] == EXPECTED
    assert both[0] == {
        "mount": "E:",
        "label": None,
        "volume_type": "data",
        "size_gb": None,
        "bitlocker_version": "2.0",
        "conversion_status": "Unknown",
        "percent_encrypted": None,
        "encryption_method": "Aes128Diffuser",
        "protection": "Unknown",
        "lock": "Locked",
        "identification_field": "Unknown",
        "auto_unlock": False,
        "protectors": ["Password", "PublicKey", "TpmPinStartupKey", "TpmStartupKey", "ExternalKey"],
    }


@pytest.mark.parametrize(
    ("printed", "meant"),
    [
        ("Fully Decrypted", "FullyDecrypted"),
        ("Fully Encrypted", "FullyEncrypted"),
        ("Encryption in Progress", "EncryptionInProgress"),
        ("Decryption in Progress", "DecryptionInProgress"),
        ("Encryption Paused", "EncryptionPaused"),
        ("Decryption Paused", "DecryptionPaused"),
        ("Vollständig verschlüsselt", "FullyEncrypted"),
        ("Entschlüsselung wird durchgeführt", "DecryptionInProgress"),
        ("Verschlüsselung angehalten", "EncryptionPaused"),
        ("Intégralement déchiffré", "FullyDecrypted"),
        ("Déchiffrement en cours", "DecryptionInProgress"),
        ("Totalmente cifrado", "FullyEncrypted"),
        ("Totalmente Descriptografado", "FullyDecrypted"),
        ("完全加密", "FullyEncrypted"),
        ("正在解密", "DecryptionInProgress"),
        ("暗号化は完全に解除されています", "FullyDecrypted"),
        ("완전 암호 해독됨", "FullyDecrypted"),
    ],
)
def test_every_state_of_conversion_is_told(printed: str, meant: str) -> None:
    text = status(*LANGUAGES["en"][:5]).replace("Used Space Only Encrypted", printed)
    assert read(text).facts["volumes"][0]["conversion_status"] == meant


def test_remarks_suspension_and_a_computer_are_read() -> None:
    text = (
        status(*LANGUAGES["en"][:5])
        .replace("100,0%", "3,5%  # still running")
        .replace("Protection On", "Protection Off (2 reboots left)")
    )
    banner = "BitLocker Drive Encryption: Configuration Tool version 10.0.22621\n\nComputer Name: PC-7\n\n"
    parsed = read(f"Microsoft Windows [Version 10.0.19045.1]\n{banner}{text}\nThen it asked for the password again.\n")
    volume = parsed.facts["volumes"][0]
    assert (volume["percent_encrypted"], volume["protection"], volume["reboots_left"]) == (3.5, "Off", 2)
    assert volume["protectors"] == ["TpmPin", "RecoveryPassword"]
    assert (parsed.facts["computer"], parsed.facts["tool_version"]) == ("PC-7", "10.0.22621")


def test_lines_that_are_missing_are_null_and_said() -> None:
    whole = status(*LANGUAGES["ja"][:5]).split("\n")
    parsed = read("\n".join(line for line in whole if "サイズ" not in line and "識別" not in line))
    volume = parsed.facts["volumes"][0]
    assert volume == EXPECTED | {"size_gb": None, "identification_field": None}
    assert parsed.problems == ("Volume C: has no line for size, identification.",)


def test_a_status_cut_anywhere_never_changes_a_value() -> None:
    text = status(*LANGUAGES["de"][:5])
    lines = text.split("\n")
    for count in range(6, len(lines)):
        parsed = read("\n".join(lines[:count]))
        volume = parsed.facts["volumes"][0]
        kept = {key: value for key, value in volume.items() if value is not None and key != "protectors"}
        assert kept.items() <= EXPECTED.items()
        assert parsed.problems or volume["protectors"] == EXPECTED["protectors"][: len(volume["protectors"])]


@given(st.text(max_size=300))
@settings(max_examples=100)
def test_no_text_makes_a_parser_fail(text: str) -> None:
    mixed = f"Volume C: [{text}]\n[OS Volume]\n  Size: {text}\n  ID: {{{text}}}\nERROR: {text}\n{text}"
    for data in (text.encode("utf-8", "replace"), mixed.encode("utf-8", "replace")):
        sample = make_sample("a.txt", data)
        for format in FORMATS:
            assert 0 <= format.recognise(sample) <= 100
            assert format.parse(sample).kind == format.name


@given(st.binary(max_size=300))
@settings(max_examples=100)
def test_no_bytes_make_a_parser_fail(data: bytes) -> None:
    sample = make_sample("a.txt", data)
    assert all(format.parse(sample).kind == format.name for format in FORMATS)


def test_the_corpus_agrees() -> None:
    assert agreement("manage-bde", lambda name, data: read(data, name).facts) == []


def test_other_texts_are_not_manage_bde() -> None:
    texts = [
        f"Recovery Key ID: {KEY}\nE_FVE_PCR_MISMATCH",
        f"Identifier:\n\n\t{KEY}\n\nRecovery Key:\n\n\t{PASSWORD}\n",
        f"MountPoint : C:\nKeyProtectorId : {{{KEY}}}\nKeyProtectorType : Tpm",
        "Protection Status: Protection Off is what it says, since the update. BitLocker again.",
        f"DeviceId : {KEY}\nThumbprint : AA\n",
        PART_MARKER,
        MARKER,
    ]
    for text in texts:
        sample = make_sample("a.txt", text.encode())
        assert [format.recognise(sample) for format in FORMATS] == [0, 0, 0], text


def test_a_list_of_protectors_in_the_same_paste_is_no_volume() -> None:
    header, kind, labels, values, protectors, _ = LANGUAGES["en"]
    listed = f"{header}\nAll Key Protectors\n\n    Numerical Password:\n      ID: {{{KEY}}}\n"
    whole = status(header, kind, labels, values, protectors)
    for text in (f"{whole}\nC:\\> manage-bde -protectors -get c:\n{listed}", f"{listed}\n{whole}"):
        parsed = read(text)
        assert [volume["size_gb"] for volume in parsed.facts["volumes"]] == [237.86]
        assert parsed.facts["key_protectors"][0]["protectors"][0]["id"] == KEY
        assert parsed.problems == ()
