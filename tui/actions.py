"""The one registry of actions. Bindings, footer, help, palette and the README's key table come from it."""

from enum import StrEnum

import msgspec


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
    LIST = "list"
    QUEUE = "queue"
    DEVICE = "device"
    FORM = "form"
    VIEW = "view"
    SAVED_VIEWS = "saved-views"
    SIGN_IN = "sign-in"
    TENANTS = "tenants"
    INTAKE = "intake"
    CLOSING = "closing"
    GLASS = "glass"
    PIM = "pim"
    SECOND_PERSON = "second-person"
    CONFIRM = "confirm"
    DELIVERY = "delivery"
    REVEAL = "reveal"
    MASS = "mass"
    GROUP = "group"
    AUDIT = "audit"
    HANDOVER = "handover"
    WIRE = "wire"
    RIGHTS = "rights"
    RUNBOOK = "runbook"


class Action(msgspec.Struct, frozen=True):
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
    Action("show-wire", ("5",), "Wire", "Go to the log of calls to Graph.", Scope.ANYWHERE, in_footer=False),
    Action("show-rights", ("6",), "Rights", "Go to what you may do here.", Scope.ANYWHERE, in_footer=False),
    Action("show-help", ("question_mark", "f1"), "Help", "Show every key and what it does.", Scope.ANYWHERE),
    Action("open-palette", ("colon", "ctrl+p"), "Palette", "Find an action by name.", Scope.ANYWHERE, in_footer=False),
    Action("redraw", ("ctrl+l",), "Redraw", "Write the whole screen anew.", Scope.ANYWHERE, in_footer=False),
    Action(
        "answer-request",
        ("ctrl+a",),
        "Second person",
        "Approve or deny a colleague's request with your own key.",
        Scope.ANYWHERE,
        in_footer=False,
    ),
    Action(
        "review-glass",
        ("ctrl+e",),
        "Review",
        "Have a colleague review a broken glass of yours.",
        Scope.ANYWHERE,
        in_footer=False,
    ),
    Action(
        "choose-tenant",
        ("ctrl+t",),
        "Tenant",
        "Go to another tenant; refused while a key is at hand.",
        Scope.ANYWHERE,
        in_footer=False,
    ),
    Action(
        "sign-in",
        ("I",),
        "Sign in",
        "Sign in anew; drops the sign-in that is there.",
        Scope.ANYWHERE,
        in_footer=False,
    ),
    Action("quit-console", ("q",), "Quit", "Leave; says first what is still owed.", Scope.ANYWHERE),
    Action("move-down", ("j", "down"), "Down", "Next incident.", Scope.TABLE, in_footer=False),
    Action("move-up", ("k", "up"), "Up", "Previous incident.", Scope.TABLE, in_footer=False),
    Action("page-down", ("pagedown", "ctrl+d"), "Page", "One page down.", Scope.TABLE, in_footer=False),
    Action("page-up", ("pageup", "ctrl+u"), "Page", "One page up.", Scope.TABLE, in_footer=False),
    Action("go-top", ("g", "home"), "Top", "First incident.", Scope.TABLE, in_footer=False),
    Action("go-bottom", ("G", "end"), "Bottom", "Last incident.", Scope.TABLE, in_footer=False),
    Action(
        "mark-incident", ("space",), "Mark", "Mark the incident for a bulk claim or note.", Scope.TABLE, in_footer=False
    ),
    Action("cursor-down", ("j", "down"), "Down", "Next row.", Scope.LIST, in_footer=False),
    Action("cursor-up", ("k", "up"), "Up", "Previous row.", Scope.LIST, in_footer=False),
    Action("open-device", ("enter",), "Device", "Join what is known of the incident's device.", Scope.QUEUE),
    Action("open-runbook", ("b",), "Runbook", "Show the guide's steps for the incident.", Scope.QUEUE, in_footer=False),
    Action("filter-queue", ("slash",), "Filter", "Show only incidents that hold these words.", Scope.QUEUE),
    Action("look-up", ("l",), "Look up", "Find a key ID, device or user of no ticket.", Scope.QUEUE),
    Action("refresh-queue", ("r",), "Refresh", "Ask the ticket sources now.", Scope.QUEUE, in_footer=False),
    Action("sort-next", ("s",), "Sort", "Sort by the next column.", Scope.QUEUE, in_footer=False),
    Action("sort-reverse", ("S",), "Reverse", "Turn the order round.", Scope.QUEUE, in_footer=False),
    Action(
        "choose-view",
        ("V",),
        "Views",
        "Choose columns; save a view, or open a saved one.",
        Scope.QUEUE,
        in_footer=False,
    ),
    Action(
        "claim-incident",
        ("c",),
        "Claim",
        "Assign the incident, or the marked ones, to yourself.",
        Scope.QUEUE,
        Danger.MARK,
    ),
    Action(
        "note-incident",
        ("n",),
        "Note",
        "Add a work note to the incident, or to the marked ones.",
        Scope.QUEUE,
        Danger.MARK,
        in_footer=False,
    ),
    Action(
        "group-incidents",
        ("m",),
        "Group",
        "Show the incident, or the marked ones, as a group of their own.",
        Scope.QUEUE,
        Danger.MARK,
        in_footer=False,
    ),
    Action(
        "acknowledge-writes",
        ("A",),
        "Seen",
        "Take away the incident's writes that a ticket system refused, once read.",
        Scope.QUEUE,
        Danger.MARK,
        in_footer=False,
    ),
    Action(
        "collect-facts",
        ("C",),
        "Collect",
        "Collect from the device, over SSH or Intune, with its owner's consent.",
        Scope.QUEUE,
        Danger.CHANGE,
        in_footer=False,
    ),
    Action("reveal-key", ("R",), "Reveal", "Start the disclosure of one recovery key.", Scope.QUEUE, Danger.DISCLOSE),
    Action(
        "rotate-keys", ("T",), "Rotate", "Request a new key for the device of a disclosure.", Scope.QUEUE, Danger.CHANGE
    ),
    Action(
        "close-incident",
        ("X",),
        "Close",
        "Close the ticket, with cause and unlock time; a key that is not proven rotated needs a waiver.",
        Scope.QUEUE,
        Danger.CHANGE,
        in_footer=False,
    ),
    Action("go-back", ("escape",), "Back", "Close what is open and go back.", Scope.DEVICE, in_footer=False),
    Action("submit-form", ("ctrl+j",), "Continue", "Check the form and go on.", Scope.FORM, in_footer=False),
    Action("cancel-form", ("escape",), "Cancel", "Leave the form; nothing happens.", Scope.FORM),
    Action("narrow-column", ("left",), "Narrower", "Make the column under the cursor narrower.", Scope.VIEW),
    Action("widen-column", ("right",), "Wider", "Make the column under the cursor wider.", Scope.VIEW),
    Action(
        "forget-view",
        ("delete", "d"),
        "Forget",
        "Drop the saved view under the cursor.",
        Scope.SAVED_VIEWS,
        Danger.MARK,
    ),
    Action("close-tenants", ("escape",), "Back", "Stay with the tenant that is shown.", Scope.TENANTS),
    Action("give-up-sign-in", ("escape",), "Give up", "Stop waiting for the code; stay signed out.", Scope.SIGN_IN),
    Action("next-reason", ("down",), "Reason", "Choose the next reason code.", Scope.INTAKE, in_footer=False),
    Action("previous-reason", ("up",), "Reason", "Choose the reason code before.", Scope.INTAKE, in_footer=False),
    Action(
        "offer-self-service",
        ("ctrl+o",),
        "Self-service",
        "Show the text that lets the user read the key alone.",
        Scope.INTAKE,
    ),
    Action("activate-role", ("ctrl+r",), "Role", "Show your roles, and activate one for this ticket.", Scope.INTAKE),
    Action(
        "break-glass",
        ("ctrl+g",),
        "Break glass",
        "Go on without ticket or second person; a colleague reviews it.",
        Scope.GLASS,
        Danger.DISCLOSE,
    ),
    Action(
        "approve-request", ("ctrl+y",), "Approve", "Sign a yes to this request.", Scope.SECOND_PERSON, Danger.CHANGE
    ),
    Action("deny-request", ("ctrl+n",), "Deny", "Sign a no to this request.", Scope.SECOND_PERSON, Danger.CHANGE),
    Action("next-cause", ("down",), "Cause", "Choose the next cause.", Scope.CLOSING, in_footer=False),
    Action("previous-cause", ("up",), "Cause", "Choose the cause before.", Scope.CLOSING, in_footer=False),
    Action("next-role", ("down",), "Role", "Choose the next role.", Scope.PIM, in_footer=False),
    Action("previous-role", ("up",), "Role", "Choose the role before.", Scope.PIM, in_footer=False),
    Action("confirm-yes", ("y",), "Yes", "Do it.", Scope.CONFIRM, Danger.DISCLOSE),
    Action("confirm-no", ("n", "escape"), "No", "Do nothing and go back.", Scope.CONFIRM),
    Action(
        "seal-key",
        ("s",),
        "Seal",
        "Encrypt the key to a public key; the terminal carries ciphertext only.",
        Scope.DELIVERY,
        Danger.DISCLOSE,
    ),
    Action(
        "hand-off",
        ("h",),
        "Hand off",
        "Record that another verified channel delivers the key; it is not read here.",
        Scope.DELIVERY,
        Danger.DISCLOSE,
    ),
    Action("show-all-blocks", ("v",), "Show all", "Draw all eight blocks.", Scope.REVEAL, Danger.DISCLOSE),
    Action(
        "show-next-block",
        ("space",),
        "Next block",
        "Draw one block, the next one each time.",
        Scope.REVEAL,
        Danger.DISCLOSE,
    ),
    Action(
        "show-previous-block",
        ("b",),
        "Block back",
        "Draw the block before.",
        Scope.REVEAL,
        Danger.DISCLOSE,
        in_footer=False,
    ),
    Action(
        "read-aloud",
        ("a",),
        "Read aloud",
        "Draw a block in groups and words; type the digits that the caller reads back.",
        Scope.REVEAL,
        Danger.DISCLOSE,
    ),
    Action("next-language", ("l",), "Language", "Write the words in the next language.", Scope.REVEAL),
    Action("mask-blocks", ("m",), "Mask", "Take the digits off the screen; the key stays at hand.", Scope.REVEAL),
    Action(
        "copy-key", ("c",), "Copy", "Put the key on the clipboard, if the config allows.", Scope.REVEAL, Danger.DISCLOSE
    ),
    Action("switch-form", ("t",), "Text/QR", "Show the sealed key as text or as a QR code.", Scope.REVEAL),
    Action("clear-key", ("x", "escape"), "Clear", "Wipe the key and close the pane.", Scope.REVEAL),
    Action(
        "suspend-console",
        ("ctrl+z",),
        "Suspend",
        "Wipe the key and suspend the console.",
        Scope.REVEAL,
        in_footer=False,
    ),
    Action("open-group", ("enter",), "Open", "Open the group's page.", Scope.MASS),
    Action("show-matrix", ("m",), "Matrix", "Show updates by causes, for the whole shift.", Scope.MASS),
    Action("show-timeline", ("t",), "Timeline", "Show arrivals over the shift, with what was expected.", Scope.MASS),
    Action("switch-words", ("w",), "Words", "Write charts in words, or draw them.", Scope.MASS),
    Action(
        "resume-batches",
        ("P",),
        "Resume",
        "Go on with a group action that was cut off.",
        Scope.MASS,
        Danger.CHANGE,
        in_footer=False,
    ),
    Action("close-group", ("escape",), "Back", "Go back to the groups.", Scope.GROUP, in_footer=False),
    Action("show-members", ("enter",), "Members", "Show the group's incidents in the queue.", Scope.GROUP),
    Action("claim-group", ("c",), "Claim", "Assign all open members to yourself.", Scope.GROUP, Danger.MARK),
    Action("note-group", ("n",), "Note", "Add one work note to all open members.", Scope.GROUP, Danger.MARK),
    Action("ask-group", ("a",), "Ask", "Note the question whose answer would decide.", Scope.GROUP, Danger.MARK),
    Action(
        "link-group",
        ("l",),
        "Link",
        "Hang all open members on a problem record.",
        Scope.GROUP,
        Danger.MARK,
        in_footer=False,
    ),
    Action(
        "join-group", ("d",), "Dossiers", "Join the devices' sources for all members.", Scope.GROUP, in_footer=False
    ),
    Action(
        "rotate-group",
        ("T",),
        "Rotate",
        "Request rotation for every open debt of the group.",
        Scope.GROUP,
        Danger.CHANGE,
    ),
    Action(
        "export-group",
        ("e",),
        "Export",
        "Write the list of devices still to come and a suspend script.",
        Scope.GROUP,
    ),
    Action(
        "notice-group",
        ("o",),
        "Notice",
        "Note how owners read their own key, where they may.",
        Scope.GROUP,
        Danger.MARK,
        in_footer=False,
    ),
    Action(
        "theory-group",
        ("y",),
        "Theory",
        "Write down tonight's working theory.",
        Scope.GROUP,
        Danger.MARK,
        in_footer=False,
    ),
    Action("merge-group", ("M",), "Merge", "Show this group as part of another.", Scope.GROUP, Danger.MARK),
    Action("mark-member", ("space",), "Mark", "Mark a member for a split.", Scope.GROUP, in_footer=False),
    Action(
        "split-group",
        ("s",),
        "Split",
        "Show the marked members as a group of their own.",
        Scope.GROUP,
        Danger.MARK,
        in_footer=False,
    ),
    Action("deny-member", ("x",), "Not this", "Take the member out of this group.", Scope.GROUP, Danger.MARK),
    Action(
        "undo-group",
        ("u",),
        "Undo",
        "Take back the group's newest decision.",
        Scope.GROUP,
        Danger.MARK,
        in_footer=False,
    ),
    Action(
        "finish-group",
        ("X",),
        "Close",
        "Close the group; only when all members are closed.",
        Scope.GROUP,
        Danger.MARK,
        in_footer=False,
    ),
    Action("verify-audit", ("v",), "Verify", "Check the chain of the whole audit.", Scope.AUDIT),
    Action("hold-wire", ("p",), "Hold", "Hold the log still, or let it follow.", Scope.WIRE),
    Action("probe-rights", ("r",), "Ask again", "Try again what you may do.", Scope.RIGHTS),
    Action("close-runbook", ("escape", "b"), "Close", "Close the runbook.", Scope.RUNBOOK),
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


def key_of_action(action_id: str) -> str:
    """The first key of an action, as people write it."""
    return next(key_label(action.keys[0]) for action in ACTIONS if action.id == action_id)


def key_table() -> str:
    """The key table of the README, in Markdown."""
    lines = ["| where | key | does |", "|---|---|---|"]
    for scope in Scope:
        for action in actions_of(scope):
            keys = " ".join(f"`{key_label(key)}`" for key in action.keys)
            lines.append(f"| {scope} | {keys} | {action.help} |")
    return "\n".join(lines)
