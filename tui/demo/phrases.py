"""The words of the tickets, by voice. All people, devices and firms are invented."""

from dataclasses import dataclass

Symptoms = dict[str, str]
"""Plot -> what the caller says happened. `{bios}` is the firmware version."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A way to write a ticket. `joint` stands between the sentences."""

    titles: tuple[str, ...]
    opening: str
    symptoms: Symptoms
    full_id: str
    prefix: str
    code: str
    kb: str
    closing: str
    joint: str = " "


_EN_SYMPTOMS = {
    "pcr7": "Since the reboot after last night's Windows updates it stops at the blue BitLocker recovery screen.",
    "dbx": "It installed a Secure Boot update (dbx) and now BitLocker asks for the recovery key.",
    "firmware": "The vendor tool installed BIOS {bios}, after the restart BitLocker wants a recovery key.",
    "tpm": "The TPM was cleared in the firmware setup and now the BitLocker recovery screen is there.",
    "pin": "Wrong BitLocker PIN too many times, it says locked out and wants the recovery key.",
    "esc": "I pressed ESC at start-up by accident and it went to BitLocker recovery.",
    "unknown": "It asks for the BitLocker recovery key. Nothing was changed as far as I know.",
}

_EN_CHATTY_SYMPTOMS = {
    "pcr7": "Yesterday evening it did its Windows updates, and this morning a blue page wants a recovery key.",
    "dbx": "There was a message about a Secure Boot dbx update, I said yes, and now it wants a recovery key.",
    "firmware": "A window of the manufacturer said BIOS {bios} was ready, I let it run, and now BitLocker stops me.",
    "tpm": "A colleague helped me and cleared something called TPM in the set-up, now it asks for a long key.",
    "pin": "I got my BitLocker PIN wrong again and again, sorry, and now it says I am locked out.",
    "esc": "The cat walked over the keyboard at start-up, I think it was ESC, and BitLocker recovery came.",
    "unknown": "It was fine last week, today BitLocker wants a recovery key and I do not know why.",
}
_EN_AGENT_SYMPTOMS = {
    "pcr7": "BitLocker recovery at first boot after the monthly cumulative update. User entered nothing yet.",
    "dbx": "BitLocker recovery after Secure Boot dbx update (shown by the user on the phone).",
    "firmware": "BitLocker recovery right after vendor firmware update, BIOS {bios}.",
    "tpm": "BitLocker recovery after TPM clear in firmware set-up.",
    "pin": "TPM+PIN: PIN entered wrongly too often, device lockout, now BitLocker recovery.",
    "esc": "User pressed ESC at the PIN prompt, BitLocker recovery started.",
    "unknown": "BitLocker recovery, no change known to the user, no further details.",
}

VOICES: dict[str, Voice] = {
    "en-brief": Voice(
        ("BitLocker recovery on {device}", "{device} asks for recovery key", "Laptop stuck at BitLocker"),
        "Hi,",
        _EN_SYMPTOMS,
        "Recovery key ID: {id}.",
        "Key ID starts with {id}.",
        "Screen says {code}.",
        "Update history shows {kb}.",
        "Thanks, {name}",
    ),
    "en-chatty": Voice(
        ("Blue screen wants a 48 digit number???", "Cannot start my laptop this morning", "help with laptop please"),
        "Good morning, sorry to bother you, I am in front of a customer in half an hour.",
        _EN_CHATTY_SYMPTOMS,
        "There is a long number under 'Recovery key ID', it reads {id}, I hope I typed it right.",
        "The first part of the ID is {id}, the rest I cannot read on the photo.",
        "With Alt it shows some more text, {code}.",
        "A colleague says it is because of {kb}.",
        "You can reach me on my private phone. Best wishes, {name}",
    ),
    "en-agent": Voice(
        ("[L1] BitLocker recovery, {device}", "[L1] {device}: recovery key requested", "[L1] BL recovery / {name}"),
        "Call taken by service desk. Caller identified by employee number.",
        _EN_AGENT_SYMPTOMS,
        "Key ID (read twice): {id}",
        "Key ID, first 8: {id}",
        "Code on screen: {code}",
        "Patch: {kb}",
        "Asset: {device}. Please call back.",
        "\n",
    ),
    "en-upset": Voice(
        ("AGAIN locked out of {device}", "URGENT BitLocker", "laptop dead after update"),
        "This is not acceptable.",
        _EN_SYMPTOMS,
        "ID {id}.",
        "It shows {id} and so on.",
        "It says {code}, whatever that means.",
        "I read in the news that {kb} does this.",
        "I expect a call within 15 minutes. {name}",
    ),
    "de": Voice(
        ("BitLocker-Wiederherstellung auf {device}", "Notebook fragt nach Wiederherstellungsschlüssel"),
        "Guten Morgen,",
        {
            "pcr7": "nach dem Neustart wegen der Windows-Updates erscheint der blaue BitLocker-Bildschirm.",
            "dbx": "nach einem Secure-Boot-Update (dbx) verlangt BitLocker den Wiederherstellungsschlüssel.",
            "firmware": "das BIOS wurde auf {bios} aktualisiert, seitdem will BitLocker einen Schlüssel.",
            "tpm": "das TPM wurde im BIOS gelöscht, jetzt kommt die BitLocker-Wiederherstellung.",
            "pin": "ich habe die BitLocker-PIN zu oft falsch eingegeben und bin gesperrt.",
            "esc": "ich habe beim Start aus Versehen ESC gedrückt, jetzt kommt die BitLocker-Wiederherstellung.",
            "unknown": "mein Notebook fragt nach dem BitLocker-Schlüssel. Geändert habe ich nichts.",
        },
        "Schlüssel-ID: {id}.",
        "Die Schlüssel-ID beginnt mit {id}.",
        "Dort steht {code}.",
        "Installiert wurde {kb}.",
        "Viele Grüße, {name}",
    ),
    "fr": Voice(
        ("Récupération BitLocker sur {device}", "Mon PC demande une clé de récupération"),
        "Bonjour,",
        {
            "pcr7": "depuis le redémarrage après les mises à jour Windows, l'écran bleu BitLocker apparaît.",
            "dbx": "après une mise à jour Secure Boot (dbx), BitLocker demande la clé de récupération.",
            "firmware": "le BIOS est passé en {bios} et BitLocker demande maintenant une clé.",
            "tpm": "le TPM a été effacé dans le BIOS, BitLocker est en mode récupération.",
            "pin": "j'ai saisi trop de fois un mauvais code PIN BitLocker, c'est verrouillé.",
            "esc": "j'ai appuyé sur Échap (ESC) au démarrage, BitLocker est en mode récupération.",
            "unknown": "BitLocker demande la clé de récupération, je n'ai rien changé.",
        },
        "ID de la clé de récupération : {id}.",
        "L'identifiant commence par {id}.",
        "Code affiché : {code}.",
        "La mise à jour est {kb}.",
        "Merci d'avance, {name}",
    ),
    "pl": Voice(
        ("Odzyskiwanie BitLocker na {device}", "Laptop prosi o klucz odzyskiwania"),
        "Dzień dobry,",
        {
            "pcr7": "po ponownym uruchomieniu po aktualizacjach Windows pojawia się niebieski ekran BitLocker.",
            "dbx": "po aktualizacji Secure Boot (dbx) BitLocker żąda klucza odzyskiwania.",
            "firmware": "BIOS został zaktualizowany do {bios}, teraz BitLocker prosi o klucz.",
            "tpm": "moduł TPM został wyczyszczony w BIOS, teraz jest ekran odzyskiwania BitLocker.",
            "pin": "za dużo razy wpisałem zły PIN BitLocker i jest blokada.",
            "esc": "przy starcie przypadkiem nacisnąłem ESC i jest odzyskiwanie BitLocker.",
            "unknown": "komputer prosi o klucz BitLocker, nic nie zmieniałem.",
        },
        "Identyfikator klucza: {id}.",
        "Identyfikator zaczyna się od {id}.",
        "Na ekranie jest {code}.",
        "Aktualizacja to {kb}.",
        "Pozdrawiam, {name}",
    ),
    "es": Voice(
        ("Recuperación de BitLocker en {device}", "El portátil pide una clave de recuperación"),
        "Buenos días:",
        {
            "pcr7": "desde el reinicio tras las actualizaciones de Windows sale la pantalla azul de BitLocker.",
            "dbx": "tras una actualización de Secure Boot (dbx), BitLocker pide la clave de recuperación.",
            "firmware": "se actualizó la BIOS a {bios} y ahora BitLocker pide una clave.",
            "tpm": "se borró el TPM en la BIOS y ahora sale la recuperación de BitLocker.",
            "pin": "puse mal el PIN de BitLocker demasiadas veces y está bloqueado.",
            "esc": "pulsé ESC al arrancar sin querer y salió la recuperación de BitLocker.",
            "unknown": "pide la clave de BitLocker y no he cambiado nada.",
        },
        "Id. de clave de recuperación: {id}.",
        "El identificador empieza por {id}.",
        "La pantalla dice {code}.",
        "La actualización es {kb}.",
        "Un saludo, {name}",
    ),
}

_SHARES = {"en-brief": 4, "en-chatty": 3, "en-agent": 4, "en-upset": 1, "de": 3, "fr": 2, "pl": 2, "es": 1}
VOICE_SHARES = tuple(voice for voice, share in _SHARES.items() for _ in range(share))

FIRST_NAMES = (
    "Ada", "Bruno", "Celeste", "Dorian", "Émile", "Fenja", "Gustaw", "Hanne", "Íñigo", "Jolanta", "Kasimir", "Lucía",
    "Łukasz", "Maëlle", "Nils", "Odile", "Pia", "Quentin", "Rosalba", "Sören", "Tadeusz", "Ulla", "Viktor", "Zoë",
)  # fmt: skip
LAST_NAMES = (
    "Sampleton", "Mustermann", "Exemplaire", "Przykładny", "Ejemplar", "Demowicz", "Fictionby", "Beispiel", "Testwell",
    "Inventado", "Nobodyson", "Platzhalter", "Placeholder", "Madeup", "Fauxmont", "Niemand", "Zmyślony", "Example",
)  # fmt: skip
