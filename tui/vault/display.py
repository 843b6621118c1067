"""What stands on the terminal, until when, and how long digits have stood there in all."""

from tui.clock import boottime_ns
from tui.vault.drawing import Pane, Picture

_MILLISECOND = 1_000_000


class Display:
    """A pane with a memory. Times are boot time: sleep and a stopped console do not stretch them."""

    def __init__(self, pane: Pane) -> None:
        self.pane = pane
        self._since_ns = 0
        self._mask_ns = 0
        self._shown_ns = 0
        self.used = False
        """Something was put up."""

    @property
    def shown_ms(self) -> int:
        """How long digits have stood there in all."""
        standing = boottime_ns() - self._since_ns if self._since_ns else 0
        return (self._shown_ns + standing) // _MILLISECOND

    def show(self, picture: Picture, *, digits: bool, mask_after_ms: int = 0) -> None:
        """Put up a picture in place of the one that stands; `digits` says whether it tells any."""
        now = boottime_ns()
        self._count(now)
        self.used = True
        # Known before the write: half of it may arrive.
        self._since_ns = now if digits else 0
        self._mask_ns = now + mask_after_ms * _MILLISECOND if digits and mask_after_ms else 0
        self.pane.draw(picture)

    def mask_if_due(self) -> bool:
        """Take the digits away when their time is up; whether that happened now."""
        if not self._mask_ns or boottime_ns() < self._mask_ns:
            return False
        self.pane.mask()
        self._count(boottime_ns())
        return True

    def erase(self, *, console_gone: bool) -> None:
        """Take everything away."""
        self.pane.erase(console_gone=console_gone)
        self._count(boottime_ns())

    def _count(self, now: int) -> None:
        if self._since_ns:
            self._shown_ns += now - self._since_ns
        self._since_ns = self._mask_ns = 0
