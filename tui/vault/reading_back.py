"""What the caller reads back, typed digit by digit: it is born here, compared here and wiped here."""

from tui.errors import Problem
from tui.vault.drawing import Pane, Picture
from tui.vault.messages import Compared, Dictate
from tui.vault.password import BLOCK_DIGITS, Comparison, RecoveryPassword
from tui.vault.pictures import dictation, field


class ReadingBack:
    """One block that is being dictated, and the digits that were typed of it so far.

    The console lets the same block be drawn again whenever it has painted over it: what was typed of it until then
    (`before`) goes on, and so do the marks.
    """

    def __init__(
        self, pane: Pane, password: RecoveryPassword, order: Dictate, before: "ReadingBack | None" = None
    ) -> None:
        self._pane = pane
        self._password = password
        self._order = order
        self._typed = bytearray()
        self._found: Comparison | None = None
        if before is not None and before._order.block == order.block:
            self._typed += before._typed
            self._found = before._found

    @property
    def picture(self) -> Picture:
        """The block with its words, and the field as it is."""
        return dictation(self._password, self._order, len(self._typed), self._found)

    def digit(self, digit: int) -> Compared | None:
        """A digit was typed; the sixth one answers."""
        self._found = None
        self._typed.append(0x30 + digit)
        if len(self._typed) == BLOCK_DIGITS:
            return self.compare()
        self._show()
        return None

    def rub_out(self) -> None:
        """Take the last digit back."""
        if self._typed:
            self._typed[-1] = 0
            del self._typed[-1]
            self._show()

    def compare(self) -> Compared | None:
        """Mark on the terminal what differs, and say which places those are; nothing when nothing was typed."""
        if not self._typed:
            return None
        self._found = found = self._password.compare(self._order.block, self._typed)
        self.wipe()
        self._show()
        return Compared(self._order.block, found.differs, found.is_block)

    def wipe(self) -> None:
        """Forget what was typed."""
        self._typed[:] = bytes(len(self._typed))
        del self._typed[:]

    def _show(self) -> None:
        try:
            self._pane.add(field(self._order, len(self._typed), self._found))
        except Problem:
            # A terminal that takes nothing now: what was typed counts all the same.
            return
