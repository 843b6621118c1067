"""Updates that were installed or failed, without the daily noise of malware signatures."""

import re
from collections.abc import Collection

from tui.diagnosis.events import values
from tui.diagnosis.events.meanings import WINDOWS_UPDATE
from tui.diagnosis.events.reader import Record
from tui.diagnosis.sample import Facts

INSTALLED = 19
FAILED = 20

_NOISE = frozenset(
    (
        "KB890830",  # Malicious Software Removal Tool
        "KB2267602",  # Defender definitions
        "KB4052623",  # Defender platform
        "KB5007651",  # Windows Security platform
        "KB915597",  # Windows Defender definitions before Windows 8
        "KB2310138",  # Security Essentials definitions
        "KB2461484",  # Endpoint Protection definitions
    )
)
_NOISE_TITLE = re.compile(
    r"defender|antimalware|malicious software removal|security essentials|endpoint protection", re.I
)


def install_facts(records: Collection[Record]) -> Facts:
    """Counts and KBs of successful installs, and failed installs with their codes."""
    done = [record for record in records if record.provider == WINDOWS_UPDATE and record.id == INSTALLED]
    failed = [record for record in records if record.provider == WINDOWS_UPDATE and record.id == FAILED]
    installed: set[str] = set()
    noise: set[str] = set()
    for record in done:
        title = str(record.data.get("updateTitle") or "")
        kb = values.kb(title)
        if kb:
            (noise if is_noise(kb, title) else installed).add(kb)
    return {
        "installs_ok": len(done),
        "installs_failed": [_failed(record) for record in failed],
        "kbs_installed": sorted(installed),
        "kbs_installed_noise": sorted(noise),
        "installs_without_kb": sum(values.kb(record.data.get("updateTitle")) is None for record in done),
    }


def is_noise(kb: str, title: str) -> bool:
    """Whether an update renews only malware protection, which never touches what BitLocker seals to."""
    return kb in _NOISE or _NOISE_TITLE.search(title) is not None


def _failed(record: Record) -> Facts:
    title = str(record.data.get("updateTitle") or "")
    return {
        "time": record.time,
        "kb": values.kb(title),
        "code": values.code(record.data.get("errorCode")),
        "title": title,
    }
