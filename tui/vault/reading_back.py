"""What the caller reads back, typed digit by digit: it is born here, compared here and wiped here."""

from tui.errors import Problem
from tui.vault.drawing import Pane, Picture
from tui.vault.messages import Compared, Dictate
from tui.vault.password import BLOCK_DIGITS, RecoveryPassword
from tui.vault.pictures import marks, typed


class ReadingBack:
    """One block that is being dictated, and the digits that were typed of it so far."""

    def __init__(self, pane: Pane, password: RecoveryPassword, order: Dictate) -> None:
        self._pane = pane
        self._password = password
        self._order = order
        self._typed = bytearray()

    def digit(self, digit: int) -> Compared | None:
        """A digit was typed; the sixth one answers."""
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
        found = self._password.compare(self._order.block, self._typed)
        self.wipe()
        self._put(marks(self._order, found))
        return Compared(self._order.block, found.differs, found.is_block)

    def wipe(self) -> None:
        """Forget what was typed."""
        self._typed[:] = bytes(len(self._typed))
        del self._typed[:]

    def _show(self) -> None:
        self._put(typed(self._order, len(self._typed)))

    def _put(self, picture: Picture) -> None:
        try:
            self._pane.add(picture)
        except Problem:
            # A terminal that takes nothing now: what was typed counts all the same.
            return
