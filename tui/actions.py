"""The one registry of actions. Bindings, footer, help, palette and the README's key table come from it."""

from dataclasses import dataclass
from enum import StrEnum


class Danger(StrEnum):
    """What an action can do to the world."""

    LOOK = "look"
    MARK = "mark"
    CHANGE = "change"
    DISCLOSE = "disclose"


class Scope(StrEnum):
    """Where an action's keys work. `ANYWHERE` holds on every screen that is not a form."""

    ANYWHERE = "anywhere"
    TABLE = "table"
    QUEUE = "queue"
    DEVICE = "device"
    FORM = "form"
    CONFIRM = "confirm"
    REVEAL = "reveal"
    MASS = "mass"
    AUDIT = "audit"
    HANDOVER = "handover"


@dataclass(frozen=True, slots=True)
class Action:
    """`id` is kebab-case and names the handler; `keys` are key names, the first is shown."""

    id: str
    keys: tuple[str, ...]
    label: str
    help: str
    scope: Scope
    danger: Danger = Danger.LOOK
    in_footer: bool = True


ACTIONS: tuple[Action, ...] = (
    Action("show-queue", ("1",), "Queue", "Go to the incident queue.", Scope.ANYWHERE, in_footer=False),
    Action(
        "show-mass", ("2",), "Mass", "Go to mass incidents: groups by cause and KB.", Scope.ANYWHERE, in_footer=False
    ),
    Action("show-audit", ("3",), "Audit", "Go to the audit.", Scope.ANYWHERE, in_footer=False),
    Action("show-handover", ("4",), "Handover", "Go to the shift's handover.", Scope.ANYWHERE, in_footer=False),
    Action("show-help", ("question_mark", "f1"), "Help", "Show every key and what it does.", Scope.ANYWHERE),
    Action("open-palette", ("colon", "ctrl+p"), "Palette", "Find an action by name.", Scope.ANYWHERE, in_footer=False),
    Action("quit-console", ("q",), "Quit", "Leave; says first what is still owed.", Scope.ANYWHERE),
    Action("move-down", ("j", "down"), "Down", "Next incident.", Scope.TABLE, in_footer=False),
    Action("move-up", ("k", "up"), "Up", "Previous incident.", Scope.TABLE, in_footer=False),
    Action("page-down", ("pagedown", "ctrl+d"), "Page", "One page down.", Scope.TABLE, in_footer=False),
    Action("page-up", ("pageup", "ctrl+u"), "Page", "One page up.", Scope.TABLE, in_footer=False),
    Action("go-top", ("g", "home"), "Top", "First incident.", Scope.TABLE, in_footer=False),
    Action("go-bottom", ("G", "end"), "Bottom", "Last incident.", Scope.TABLE, in_footer=False),
    Action("open-device", ("enter",), "Device", "Join what is known of the incident's device.", Scope.QUEUE),
    Action("filter-queue", ("slash",), "Filter", "Show only incidents that hold these words.", Scope.QUEUE),
    Action("look-up", ("l",), "Look up", "Find a key ID, device or user of no ticket.", Scope.QUEUE),
    Action("refresh-queue", ("r",), "Refresh", "Ask the ticket sources now.", Scope.QUEUE, in_footer=False),
    Action("claim-incident", ("c",), "Claim", "Assign the incident to yourself.", Scope.QUEUE, Danger.MARK),
    Action("reveal-key", ("R",), "Reveal", "Start the disclosure of one recovery key.", Scope.QUEUE, Danger.DISCLOSE),
    Action(
        "rotate-keys", ("T",), "Rotate", "Request a new key for the device of a disclosure.", Scope.QUEUE, Danger.CHANGE
    ),
    Action("go-back", ("escape",), "Back", "Close what is open and go back.", Scope.DEVICE, in_footer=False),
    Action("submit-form", ("ctrl+j",), "Continue", "Check the form and go on.", Scope.FORM, in_footer=False),
    Action("cancel-form", ("escape",), "Cancel", "Leave the form; nothing happens.", Scope.FORM),
    Action("confirm-yes", ("y",), "Yes", "Do it.", Scope.CONFIRM, Danger.DISCLOSE),
    Action("confirm-no", ("n", "escape"), "No", "Do nothing and go back.", Scope.CONFIRM),
    Action("show-all-blocks", ("v",), "Show all", "Draw all eight blocks.", Scope.REVEAL, Danger.DISCLOSE),
    Action(
        "show-next-block",
        ("space",),
        "Next block",
        "Draw one block, the next one each time.",
        Scope.REVEAL,
        Danger.DISCLOSE,
    ),
    Action("mask-blocks", ("m",), "Mask", "Take the digits off the screen; the key stays at hand.", Scope.REVEAL),
    Action("clear-key", ("x", "escape"), "Clear", "Wipe the key and close the pane.", Scope.REVEAL),
    Action("open-group", ("enter",), "Members", "Show the group's incidents in the queue.", Scope.MASS),
    Action("verify-audit", ("v",), "Verify", "Check the chain of the whole audit.", Scope.AUDIT),
    Action("save-handover", ("s",), "Save", "Write the handover as Markdown.", Scope.HANDOVER),
)


def actions_of(*scopes: Scope) -> tuple[Action, ...]:
    """The actions of some scopes, in the registry's order."""
    return tuple(action for action in ACTIONS if action.scope in scopes)


KEY_NAMES = {
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
    "escape": "esc",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "space": "space",
    "down": "↓",
    "up": "↑",
}


def key_label(key: str) -> str:
    """A key's name as people write it."""
    return KEY_NAMES.get(key, key)


def key_table() -> str:
    """The key table of the README, in Markdown."""
    lines = ["| where | key | does |", "|---|---|---|"]
    for scope in Scope:
        for action in actions_of(scope):
            keys = " ".join(f"`{key_label(key)}`" for key in action.keys)
            lines.append(f"| {scope} | {keys} | {action.help} |")
    return "\n".join(lines)
