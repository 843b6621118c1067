"""What the reveal pane says, and which keys the vault reads for it."""

from tui.actions import Scope, actions_of
from tui.ports import KeyboardLoan, ReadBack
from tui.services.disclosure import Decision, Delivery

ENDINGS = {
    "deadline": "the time was up",
    "not-shown": "the time was up before it was shown",
    "cleared": "cleared by hand",
    "blur": "the terminal lost focus",
    "suspend": "the console was suspended",
    "console-stopped": "the console was stopped",
    "covered": "another screen came over it",
    "quit": "the console was left",
    "crash": "the console failed",
    "failed": "something in the console failed",
    "hangup": "the terminal hung up",
    "lost-vault": "the vault died",
    "draw-failed": "it could not be drawn",
    "not-drawn": "it could not be drawn",
}
"""By the row's `ended_by`."""

ENDING_KEYS = {
    "x": "cleared",
    "escape": "cleared",
    "ctrl+c": "cleared",
    "ctrl+z": "suspend",
    "ctrl+q": "quit",
    "blur": "blur",
}
"""Keys on which the vault ends by itself, even when the console hangs."""

VAULT_KEYS = KeyboardLoan(
    keys=(
        *(key for action in actions_of(Scope.REVEAL) for key in action.keys if key not in ENDING_KEYS),
        "resize",
    ),
    ending=tuple(ENDING_KEYS.items()),
)

SEALED_MODE = frozenset({"switch_form"})
"""Actions that only a sealed key has; the others only an open one."""

COPIED = {
    "local": "Copied. It is taken back at the end if it is still there; a clipboard manager may keep it all the same.",
    "osc52": "Sent to the terminal. tmux drops it unless set-clipboard is on, and then keeps it as a paste buffer.",
}
"""By route; nobody can see whether a copy arrived."""


def opening_words(decision: Decision) -> str:
    """What can be done with the key that the vault holds now."""
    if decision.delivery is Delivery.SEALED:
        return "Sealed: only the holder of the secret key can open it, with `reseal open`. t: text or QR code."
    return "Held by the vault, masked.  v shows all eight blocks, space one after the other, a reads aloud, x clears."


def heard_words(heard: ReadBack, right: set[int]) -> str:
    """What a block that was read back means."""
    name = f"Block {heard.block + 1}"
    if not heard.differs:
        rest = 8 - len(right)
        return f"{name} is right. {'All eight are.' if not rest else f'{rest} to go; space: the next one.'}"
    if heard.is_block is not None:
        return f"{name} is wrong: the caller read block {heard.is_block + 1}. Ask again."
    places = ", ".join(str(place + 1) for place in heard.differs)
    return f"{name} is wrong at digit {places}. Ask again."
