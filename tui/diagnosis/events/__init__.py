"""Windows event logs (.evtx): boots, updates, BitLocker's own events and what they say about a recovery.

`FORMATS` reads logs as bytes; `read_evtx` streams a file of any size. `sealed_log` gives the measured-boot log that a
seal event keeps.
"""

from io import BytesIO

from tui.diagnosis.events.bitlocker import sealed_log
from tui.diagnosis.events.facts import KIND, read_evtx
from tui.diagnosis.events.meanings import Meaning, meanings
from tui.diagnosis.events.reader import FILE_MAGIC
from tui.diagnosis.sample import Format, Parsed, Sample

__all__ = ["FORMATS", "Meaning", "meanings", "parse", "read_evtx", "recognise", "sealed_log"]


def recognise(sample: Sample) -> int:
    """Certain of the file's magic number."""
    return 100 if sample.data.startswith(FILE_MAGIC) else 0


def parse(sample: Sample) -> Parsed:
    """The facts of an event log held in memory."""
    return read_evtx(BytesIO(sample.data))


FORMATS: tuple[Format, ...] = (Format(KIND, recognise, parse),)
