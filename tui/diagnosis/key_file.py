"""Recovery key files: the text that Windows saves or prints as `BitLocker Recovery Key <ID>.TXT`, in any language.

The text has a title, the identifier on a line of its own, and the recovery password on a line of its own, always in
that order; only the sentences around them are translated. The password is secret material and never leaves here.
"""

import re

from tui.diagnosis.redact import MARKER, PART_MARKER
from tui.diagnosis.sample import Facts, Format, Parsed, Sample

KIND = "recovery-key-file"
_LONGEST = 6_000
_SECRETS = (MARKER, PART_MARKER)

_HEX_OR_MASK = "[0-9A-Fa-fXx*#?•]"
_ID = re.compile(
    rf"(?<![\w-])\{{?(?P<id>[0-9A-Fa-f]{{8}}-{_HEX_OR_MASK}{{4}}-{_HEX_OR_MASK}{{4}}-{_HEX_OR_MASK}{{4}}-{_HEX_OR_MASK}{{12}})\}}?(?![\w-])"
)
_SHORT_ID = re.compile(r"(?m)^[^\S\n]*\{?(?P<id>[0-9A-Fa-f]{8})(?:-\w{0,4}){0,3}\}?\.{0,3}[^\S\n]*$")
_NAME_ID = re.compile(r"(?P<id>[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12})\.txt$", re.I)
_FULL = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_ALL_MASKED = re.compile(r"(?:[Xx*#•?]{6}-){7}[Xx*#•?]{6}")
_MASK = re.compile("[*#?•x]")

_LOCALES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("en", ("recovery key", "identifier")),
    ("de", ("wiederherstellungsschlüssel", "bezeichner", "überprüfen")),
    ("fr", ("clé de récupération", "identificateur", "vérifier")),
    ("es", ("clave de recuperación", "identificador")),
    ("pt", ("chave de recuperação", "identificador")),
    ("it", ("chiave di ripristino", "identificatore", "verificare")),
    ("nl", ("herstelsleutel", "id van")),
    ("sv", ("återställningsnyckel", "identifierare")),
    ("da", ("genoprettelsesnøgle", "gendannelsesnøgle", "id'et")),
    ("nb", ("gjenopprettingsnøkkel", "identifikator")),
    ("fi", ("palautusavain", "tunniste")),
    ("pl", ("klucz odzyskiwania", "identyfikator")),
    ("cs", ("obnovovací klíč", "identifikátor")),
    ("hu", ("helyreállítási kulcs", "azonosító")),
    ("tr", ("kurtarma anahtarı", "tanımlayıcı")),
    ("ro", ("cheie de recuperare", "identificator")),
    ("el", ("κλειδί αποκατάστασης", "κλειδί ανάκτησης", "αναγνωριστικό")),
    ("ru", ("ключ восстановления", "идентификатор")),
    ("uk", ("ключ відновлення", "ідентифікатор")),
    ("ja", ("回復キー", "識別子")),
    ("zh-CN", ("恢复密钥", "标识符")),
    ("zh-TW", ("修復金鑰", "復原金鑰", "識別碼", "識別元")),
    ("ko", ("복구 키", "식별자")),
    ("ar", ("مفتاح الاسترداد",)),
    ("he", ("מפתח השחזור", "מפתח שחזור")),
)
"""Words of the file's title and labels, most telling first."""
_ENGLISH_ONLY = ("to verify that this is the correct recovery key", "if the above identifier matches")
_OTHER_OUTPUT = re.compile(
    r"manage-bde|KeyProtector|msFVE|DeviceName|BitLocker recovery key:|BdeHdCfg|PCR|^\s*ID: \{", re.I | re.M
)


def recognise(sample: Sample) -> int:
    """A short text with one identifier and one recovery password on lines of their own."""
    text = sample.text
    if text is None or len(text) > _LONGEST:
        return 0
    lowered = text.lower()
    name = sample.name.lower().replace("\\", "/").rsplit("/", 1)[-1]
    if any(words in lowered for words in _ENGLISH_ONLY):
        return 95
    found = _ID.search(text) or _SHORT_ID.search(text)
    secret = any(marker in text for marker in _SECRETS) or _ALL_MASKED.search(text) is not None
    if not found or not secret or _OTHER_OUTPUT.search(text):
        return 0
    named = name.endswith(".txt") and _NAME_ID.search(name) is not None
    once = sum(text.count(marker) for marker in _SECRETS) <= 1 and len(set(_ID.findall(text))) <= 1
    if named or (once and "bitlocker" in lowered and _locale(lowered)):
        return 90
    return 50 if once and _alone(text) else 0


def _alone(text: str) -> bool:
    """Identifier and password stand on lines of their own, as in the file and hardly anywhere else."""
    lines = [line.strip() for line in text.splitlines()]
    return any(line in _SECRETS for line in lines) and any(_ID.fullmatch(line) for line in lines)


def parse(sample: Sample) -> Parsed:
    """Facts of a recovery key file: locale, key ID, and whether the password is whole; never the password."""
    text = sample.text or ""
    whole = MARKER in text
    found = _ID.search(text) or _SHORT_ID.search(text) or _NAME_ID.search(sample.name)
    key_id = _MASK.sub("X", found["id"]).upper() if found else None
    facts: Facts = {
        "type": KIND,
        "locale": _locale(text.lower()),
        "key_id": key_id,
        "key_id_prefix": key_id[:8] if key_id else None,
        "password": MARKER if whole else None,
        "password_complete": whole,
    }
    return Parsed(KIND, facts, tuple(_problems(sample, key_id, whole)))


def _problems(sample: Sample, key_id: str | None, whole: bool) -> list[str]:
    problems = []
    if key_id is None:
        problems.append("no identifier was found")
    elif not _FULL.fullmatch(key_id):
        problems.append("the identifier is masked or cut")
    if not whole:
        problems.append("the recovery password is masked, cut or missing")
    named = _NAME_ID.search(sample.name)
    if named and key_id and _FULL.fullmatch(key_id) and named["id"].upper() != key_id:
        problems.append(f"the file's name holds another identifier: {named['id'].upper()}")
    return problems


def _locale(lowered: str) -> str | None:
    """The language of the labels; None when it is none of the known ones."""
    scores = [(sum(word in lowered for word in words), name) for name, words in _LOCALES]
    best = max(score for score, _ in scores)
    return next(name for score, name in scores if score == best) if best else None


FORMATS = (Format(KIND, recognise, parse),)
