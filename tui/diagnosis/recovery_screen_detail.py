"""The detail line of the 24H2 recovery screen: which PCR and which measured event differ.

Seen in Microsoft Q&A 5873763 (2026-04-28); the fields fit BitLocker-Driver event 24705. One specimen is known, so
only what that event explains is read: PCR, flags, expected and observed event type, labels and digests.
"""

import re
from dataclasses import dataclass

from tui.model.cause import CauseCode

_DIGEST = r"[0-9A-Fa-f]{2,128}(?:\s?(?:\.{2,3}|…)\s?[0-9A-Fa-f]{1,64})?"
_EVENT_TYPE = "[0-9A-Fa-f]{1,8}"
_LABEL = r"[^\W_][^_\s]{0,80}|"
_LINE = re.compile(
    rf"(?<![\w])(?P<pcr>\d{{1,2}})_(?P<flags>[0-9A-Fa-f]{{1,4}})_(?P<expected_type>{_EVENT_TYPE})_(?P<observed_type>{_EVENT_TYPE})"
    rf"_(?P<expected_label>{_LABEL})_(?P<observed_label>{_LABEL})_(?P<seventh>[^\W_]{{1,4}})"
    rf"(?:_(?P<expected_digest>{_DIGEST})(?:_(?P<observed_digest>{_DIGEST})(?:_(?P<last>[^\W_]{{1,4}}))?)?)?"
)
_EVENTS = {
    "db": "db",
    "dbx": "dbx",
    "kek": "KEK",
    "secureboot": "SecureBoot",
    "bootorder": "boot-order",
    "pk": "PK",
}
_AUTHORITY = "800000e0"


@dataclass(frozen=True, slots=True)
class Detail:
    """The fields of a detail line; event types are hexadecimal TCG event types."""

    line: str
    pcr: int
    flags: str
    expected_type: str
    observed_type: str
    expected_label: str | None
    observed_label: str | None
    expected_digest: str | None
    observed_digest: str | None

    @property
    def event(self) -> str | None:
        """The measured event in the words of the outside contract."""
        label = (self.observed_label or self.expected_label or "").lower()
        # What verified the boot manager is measured under the name of the variable that it was found in.
        if "authority" in label or _AUTHORITY in (self.expected_type.lower(), self.observed_type.lower()):
            return "boot-manager-authority"
        return _EVENTS.get(label)

    @property
    def cause(self) -> CauseCode:
        """PCR 7 holds the Secure Boot state (E_FVE_SECUREBOOT_CHANGED); any other is a plain mismatch."""
        return CauseCode.SECUREBOOT_CHANGED if self.pcr == 7 else CauseCode.PCR_MISMATCH


def find_detail(text: str) -> Detail | None:
    """The first detail line of a text; None when there is none."""
    match = _LINE.search(text)
    if match is None or int(match["pcr"]) > 23:
        return None
    return Detail(
        line=match[0],
        pcr=int(match["pcr"]),
        flags=match["flags"],
        expected_type=match["expected_type"],
        observed_type=match["observed_type"],
        expected_label=match["expected_label"] or None,
        observed_label=match["observed_label"] or None,
        expected_digest=match["expected_digest"],
        observed_digest=match["observed_digest"],
    )
