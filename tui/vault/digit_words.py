"""How the digits are spoken on the telephone. Data: a row a language, 0 to 9."""

DIGIT_WORDS = {
    "en": ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    # DIN 5009: "zwo" on the telephone, because "zwei" sounds like "drei".
    "de": ("null", "eins", "zwo", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"),
    "fr": ("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"),
    "pl": ("zero", "jeden", "dwa", "trzy", "cztery", "pięć", "sześć", "siedem", "osiem", "dziewięć"),
    "es": ("cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"),
}
"""Language tag (BCP 47) to words. `tui.ports.LANGUAGES` names the same tags."""


def spoken(digits: bytes | memoryview, language: str) -> bytes:
    """The words of ASCII digits, a blank between them. They are the digits, so they exist in the vault only."""
    words = DIGIT_WORDS[language]
    return " ".join(words[digit - 0x30] for digit in digits).encode()
