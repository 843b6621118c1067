"""The second person: bound to one disclosure, once, by somebody else."""

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from tests.services.approvals import APPROVERS, ME, OTHER, SECOND, SECOND_KEY, TARGET, clearing
from tests.services.samples import MORNING, ListedAudit, SetClock
from tui.errors import Problem, ProblemKind
from tui.model.audit import AuditEntry, AuditEvent, DeviceRef
from tui.model.policy import Trigger
from tui.services.approval import (
    REQUEST,
    ApprovalRequest,
    Word,
    answer_text,
    approver_line,
    new_request,
    read_answer,
    read_approvers,
    read_request,
    request_text,
)
from tui.services.armor import ArmorError, armored, unarmored
from tui.services.clearance import Clearance
from tui.services.disclosure_policy import Circumstances
from tui.store.approver_key import NAME, enrol, open_key

VIP = Circumstances(vip=True)


@pytest.fixture
def audit() -> ListedAudit:
    return ListedAudit(SetClock())


def plain_request(device: str = "d") -> ApprovalRequest:
    """A request that no console asked."""
    return new_request(
        MORNING,
        tenant="t",
        key_id="k",
        device=device,
        ticket="INC1",
        requester=ME.upn,
        caller="c",
        triggers=("vip",),
        reason="r",
    )


def answered(text: str, word: Word = "approve", approver: str = SECOND, key: Ed25519PrivateKey = SECOND_KEY) -> str:
    """What the second person's console says to a request."""
    return answer_text(read_request(text, MORNING), word, approver, key, "on the phone with her")


async def test_an_approval_clears_its_disclosure_once(audit: ListedAudit) -> None:
    console = clearing(audit)
    assert await console.triggers(TARGET, VIP) == (Trigger.VIP,)
    refused = await console.refusal(TARGET, Clearance(VIP))
    assert refused is not None
    assert "a VIP's device" in str(refused)
    approval = await console.accept(answered(request_text(console.ask(TARGET, (Trigger.VIP,)))))
    cleared = Clearance(VIP, approval=approval)
    assert await console.refusal(TARGET, cleared) is None
    assert SECOND in cleared.words
    console.spend(cleared)
    assert await console.refusal(TARGET, cleared) is not None
    row = audit.written[-1].entry
    assert (row.event, row.flow, row.key_id) == (AuditEvent.APPROVE, approval.request.nonce, TARGET.key_id)
    assert SECOND in row.note


async def test_a_no_is_a_row_and_ends_it(audit: ListedAudit) -> None:
    console = clearing(audit)
    text = answered(request_text(console.ask(TARGET, (Trigger.VIP,))), "deny")
    with pytest.raises(Problem, match="said no"):
        await console.accept(text)
    assert audit.events == ["deny"]
    with pytest.raises(Problem, match="No request of this console"):
        await console.accept(text)


async def test_an_approval_ends_with_its_time(audit: ListedAudit) -> None:
    console = clearing(audit)
    text = answered(request_text(console.ask(TARGET, (Trigger.VIP,))))
    approval = await console.accept(text)
    audit.clock.go(15 * 60)
    assert await console.refusal(TARGET, Clearance(VIP, approval=approval)) is not None
    late = request_text(console.ask(TARGET, ()))
    audit.clock.go(15 * 60 + 1)
    with pytest.raises(Problem, match="is over"):
        read_request(late, audit.clock.now())


@pytest.mark.parametrize(
    ("approver", "key", "said", "kind"),
    [
        ("third@demo.example", SECOND_KEY, "not enrolled", ProblemKind.POLICY),
        (SECOND, Ed25519PrivateKey.from_private_bytes(bytes(32)), "signature is not", ProblemKind.ALARM),
    ],
)
async def test_who_is_not_enrolled_or_signs_for_another_is_refused(
    audit: ListedAudit, approver: str, key: Ed25519PrivateKey, said: str, kind: ProblemKind
) -> None:
    console = clearing(audit)
    text = answered(request_text(console.ask(TARGET, ())), "approve", approver, key)
    with pytest.raises(Problem, match=said) as caught:
        await console.accept(text)
    assert caught.value.kind is kind
    assert audit.events == ["deny"]


async def test_the_audit_knows_of_earlier_recoveries_and_of_alarms(audit: ListedAudit) -> None:
    console = clearing(audit)
    drawn = AuditEntry(event=AuditEvent.DRAW, ticket="INC0", device=DeviceRef("device-1"), key_id="k")
    await audit.append(drawn)
    assert await console.triggers(TARGET, Circumstances()) == (Trigger.REPEAT_RECOVERY,)
    assert await console.triggers(replace(TARGET, ticket="INC0"), Circumstances()) == ()
    audit.clock.go(31 * 86400)
    assert await console.triggers(TARGET, Circumstances()) == ()
    await console.note_alarm(TARGET, "of another device")
    assert await console.triggers(replace(TARGET, ticket="INC9"), Circumstances()) == (Trigger.CLONE_ALARM,)
    assert await console.triggers(OTHER, Circumstances()) == ()


def test_nobody_is_two_approvers() -> None:
    line = approver_line(SECOND, SECOND_KEY.public_key())
    assert read_approvers([line]) == APPROVERS
    with pytest.raises(ValueError, match="share"):
        read_approvers([line, line.replace("second", "third")])
    for damaged in ("", SECOND, f"{SECOND} rsa:AAAA", f"{SECOND} ed25519:AAAA", line + "A"):
        with pytest.raises(ValueError, match="is written as"):
            read_approvers([damaged])


def test_a_key_is_private_and_opens_with_its_passphrase_alone(tmp_path: Path) -> None:
    made = enrol(tmp_path / "state", SECOND, "a long passphrase")
    path = tmp_path / "state" / NAME
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"ENCRYPTED" in path.read_bytes()
    opened = open_key(tmp_path / "state", "a long passphrase")
    assert (opened.upn, opened.line) == (SECOND, made.line)
    with pytest.raises(Problem, match="did not open"):
        open_key(tmp_path / "state", "another passphrase")
    with pytest.raises(Problem, match="there already"):
        enrol(tmp_path / "state", SECOND, "a long passphrase")
    with pytest.raises(Problem, match="fewer than"):
        enrol(tmp_path / "other", SECOND, "short")
    path.chmod(0o644)
    with pytest.raises(Problem, match="open to other users"):
        open_key(tmp_path / "state", "a long passphrase")
    with pytest.raises(Problem, match="no approver's key"):
        open_key(tmp_path / "nowhere", "a long passphrase")


@given(st.binary(max_size=400), st.sampled_from(["\n", "\r\n", " \n│  ", "\n> "]))
def test_a_text_survives_mail_and_box_borders(payload: bytes, ends: str) -> None:
    text = armored("RESEAL REQUEST", payload).replace("\n", ends)
    assert unarmored("RESEAL REQUEST", f"see here: {text} thanks") == payload


@given(st.binary(min_size=20, max_size=200), st.data())
def test_a_cut_or_changed_text_is_told(payload: bytes, data: st.DataObject) -> None:
    lines = armored("RESEAL REQUEST", payload).split("\n")
    body = lines[1]
    place = data.draw(st.integers(0, len(body) - 1))
    lines[1] = body[:place] + body[place + 1 :]
    with pytest.raises(ArmorError):
        unarmored("RESEAL REQUEST", "\n".join(lines))


@given(
    st.sampled_from(["key_id", "ticket", "requester", "tenant", "device", "caller", "reason", "nonce"]),
    st.text(max_size=8),
)
def test_every_field_of_a_request_is_signed(field: str, value: str) -> None:
    request = plain_request()
    text = answer_text(request, "approve", SECOND, SECOND_KEY)
    assert read_answer(text, request, APPROVERS, MORNING).approver == SECOND
    changed = type(request)(**{each: getattr(request, each) for each in request.__struct_fields__} | {field: value})
    if changed != request:
        with pytest.raises(Problem, match="another request"):
            read_answer(text, changed, APPROVERS, MORNING)


def test_words_of_a_request_that_would_fool_a_terminal_are_refused() -> None:
    request = plain_request("d\x1b[2J")
    with pytest.raises(Problem, match="not made by a console"):
        read_request(armored(REQUEST, request.encoded), MORNING)
