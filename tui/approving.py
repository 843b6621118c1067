"""The verbs of a second person, `reseal approver enrol` and `reseal approve`: no sign-in, and Graph is not asked."""

import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tui.clock import Clock, SystemClock
from tui.ports import AuditTrail
from tui.services.approval import ApprovalRequest, Word
from tui.services.second_person import OpenKey, SecondPerson, request_lines
from tui.store.approver_key import enrol, open_key

_DEMO_PASSPHRASE = "two are better"  # noqa: S105  # of a key that lives as long as the demo


def enrol_approver(state: Path, upn: str, passphrase: str) -> str:
    """Make this engineer's key in the state directory; answers the line for `approval.approvers` of the config."""
    return enrol(state, upn, passphrase).line


def enrol_for_demo(directory: Path) -> str:
    """Make a second person of the demo, with a state of their own; answers what the demo's config needs, as TOML."""
    # Here, so that the console at work loads nothing of the demo.
    from tui.demo.tenant import DOMAIN

    state = directory / "second"
    line = enrol_approver(state, f"second-person@{DOMAIN}", _DEMO_PASSPHRASE)
    contact = f"in another terminal (passphrase: {_DEMO_PASSPHRASE}):\nRESEAL_STATE={state} reseal approve -"
    return f"\n[approval]\napprovers = [{json.dumps(line)}]\ncontact = {json.dumps(contact)}\n"


def key_of(state: Path) -> OpenKey:
    """Opens the key of a state directory."""

    def opened(passphrase: str) -> tuple[str, Ed25519PrivateKey]:
        found = open_key(state, passphrase)
        return found.upn, found.key

    return opened


def read_asked(audit: AuditTrail, state: Path, text: str, clock: Clock | None = None) -> tuple[ApprovalRequest, str]:
    """A request and what it says, in lines, for `reseal approve` to show before it asks for the passphrase."""
    request = SecondPerson(audit, clock or SystemClock(), key_of(state)).read(text)
    return request, "\n".join(f"{name:10}{value}" for name, value in request_lines(request))


async def answer_asked(
    audit: AuditTrail,
    state: Path,
    request: ApprovalRequest,
    word: Word,
    passphrase: str,
    note: str = "",
    clock: Clock | None = None,
) -> str:
    """The signed answer, to be printed and sent back; its row is written first."""
    return await SecondPerson(audit, clock or SystemClock(), key_of(state)).answer(request, word, passphrase, note)
