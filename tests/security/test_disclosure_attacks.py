"""Attacks on who gets which key: malicious answers, colliding prefixes, stale caches, harvesting, replays."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.responses import Response

from tests.demo.tenant import running
from tests.property.disclosure_world import Maker, World
from tests.services.approvals import APPROVERS, ME, OTHER, SECOND, SECOND_KEY, TARGET, clearing
from tests.services.samples import MORNING, ListedAudit, SetClock
from tests.services.test_reveal import StillVault, intake
from tests.support.terminal import Terminal
from tests.vault.conftest import StillToken
from tests.vault.graph_stub import GraphStub, key_answer, raw_answer, running_stub
from tests.vault.keys import invented_key_id, invented_password
from tui.config import load
from tui.errors import Problem, ProblemKind
from tui.model.audit import AuditEvent, DeviceRef, Proof
from tui.model.dossier import Query
from tui.model.ids import KeyReading, KeyTerm
from tui.model.recovery_key import RecoveryKey, Volume
from tui.services.approval import ApprovalRequest, answer_text, new_request, read_answer, request_text
from tui.services.clearance import Clearance, ClearanceService
from tui.services.disclosure_policy import Circumstances, Limits, Rules
from tui.services.dossier import DossierJoin
from tui.services.matching import Refused, read_out, select
from tui.services.reveal import Intake, RevealPolicy, RevealService
from tui.vault.warden import Warden
from tui.wiring import open_console

KEY_ID, FOREIGN = invented_key_id(1), invented_key_id(2)
PASSWORD = invented_password(1)
BROKEN = "-".join(["000012", *PASSWORD.split("-")[1:]])

MALICIOUS: dict[str, Callable[[str], Response]] = {
    "another id": lambda _: key_answer({"id": FOREIGN, "key": PASSWORD}),
    "no id": lambda _: key_answer({"key": PASSWORD}),
    "null id": lambda _: key_answer({"id": None, "key": PASSWORD}),
    "null key": lambda asked: key_answer({"id": asked, "key": None}),
    "fails mod 11": lambda asked: key_answer({"id": asked, "key": BROKEN}),
    "two keys": lambda asked: key_answer({"value": [{"id": asked, "key": PASSWORD}, {"id": FOREIGN, "key": PASSWORD}]}),
    "huge": lambda asked: key_answer({"id": asked, "key": PASSWORD, "pad": "x" * 200_000}),
    "nothing": lambda _: raw_answer(b""),
}


BY_DEFAULT = ("another id", "fails mod 11", "two keys", "huge")
"""What the reader itself makes of each is in tests/vault/test_failures.py; here a whole disclosure runs into it."""


@pytest.fixture(scope="module")
def graph() -> Iterator[GraphStub]:
    with running_stub() as stub:
        yield stub


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    with Terminal(["/bin/sh", "-c", "exec cat"]) as found:
        yield found


@pytest.mark.attack("A24")
@pytest.mark.parametrize(
    "reply", [pytest.param(name, marks=() if name in BY_DEFAULT else pytest.mark.long) for name in MALICIOUS]
)
async def test_a_malicious_reply_is_never_delivered(graph: GraphStub, terminal: Terminal, reply: str) -> None:
    """A24: huge page, wrong id for the key, key failing mod 11, two keys, nulls."""
    graph.answering = MALICIOUS[reply]
    audit = ListedAudit(SetClock())
    warden = Warden(graph.endpoint, StillToken(), tty=terminal.tty)
    policy = RevealPolicy(60, 1000, True)
    service = RevealService(audit, warden, audit.clock, policy, lambda: ME, recorder=lambda: "no")
    key = RecoveryKey(KEY_ID, "device-1", MORNING, Volume.OPERATING_SYSTEM)
    try:
        with pytest.raises(Problem) as caught:
            await service.begin(intake(key=key, term=_term(KEY_ID)))
    finally:
        await warden.close()
    assert audit.events == ["intent", "outcome"], "nothing was drawn"
    if reply in ("another id", "no id", "fails mod 11", "two keys"):
        assert caught.value.kind is ProblemKind.ALARM
    assert PASSWORD not in str(caught.value)


def _term(text: str) -> KeyTerm:
    found = read_out(text)
    assert isinstance(found, KeyReading)
    assert found.term is not None
    return found.term


@pytest.mark.attack("A25")
async def test_a_planted_collision_always_asks_for_the_whole_id() -> None:
    """A25: whatever the ticket, the caller and the spelling, of two keys that begin alike none is guessed."""
    rng, maker = random.Random(25), Maker(25)
    for number in range(150):
        case = maker._same_prefix(*_world(maker, rng))
        for typed in (case.on_screen[:8], case.on_screen[:8].upper()):
            query = Query(_term(typed), device_name=case.device_name, user=case.caller)
            dossier = await DossierJoin(case.world.sources, SetClock(MORNING), query, lambda _: None).run()
            found = read_out(typed)
            assert isinstance(found, KeyReading)
            chosen = select(dossier, found)
            assert (chosen.key, chosen.refused) == (None, Refused.WHOLE_ID_NEEDED), number


def _world(maker: Maker, rng: random.Random) -> tuple[World, RecoveryKey]:
    world = maker.case().world
    return world, rng.choice(world.keys)


@pytest.mark.attack("A26")
async def test_a_rotation_between_list_and_read_delivers_nothing(tmp_path: Path, terminal: Terminal) -> None:
    """A26: the escrow's newest state counts, at the read and at the next look-up."""
    with running("--seed", "7", "--size", "60", "--speed", "0.0001") as tenant:
        tenant.hand("advance", "POST", {"seconds": 2000})
        case = tenant.case("plain")
        key_id, device_id = case["keys"][0], case["devices"][0]
        async with open_console(load(tenant.config), tmp_path / "state", on_prompt=_nobody) as console:
            desk = console.desk
            await console.sign_in()
            query = Query(_term(key_id), device_name=case["device_name"])
            dossier = await desk.open_dossier(query, lambda _: None)
            assert dossier.key is not None
            assert dossier.evidence.managed is not None
            path = f"/beta/deviceManagement/managedDevices/{dossier.evidence.managed.id}/rotateBitLockerKeys"
            assert tenant.ask(path, method="POST").status_code == 204
            tenant.hand("advance", "POST", {"seconds": 60})
            order = Intake(
                _term(key_id), dossier.key, DeviceRef(device_id), "INC1", "ada", "locked out", Proof("call-back")
            )
            warden = Warden(tenant.graph, StillToken(tenant.tokens["engineer"]), tty=terminal.tty)
            policy = RevealPolicy(60, 30, True)
            service = RevealService(desk.audit, warden, desk.clock, policy, lambda: ME, recorder=lambda: "no")
            with pytest.raises(Problem) as caught:
                await service.begin(order)
            await warden.close()
            assert caught.value.kind is ProblemKind.NOT_FOUND
            rows = await desk.audit.rows_of({AuditEvent.DRAW, AuditEvent.OUTCOME})
            assert [row.entry.event for row in rows] == [AuditEvent.OUTCOME]
            again = await desk.open_dossier(query, lambda _: None)
            found = read_out(key_id)
            assert isinstance(found, KeyReading)
            stale = select(again, found)
            assert stale.key is None
            assert "its current one is" in stale.words


async def _nobody(_: object) -> None:
    raise AssertionError("nobody is here to sign in")


@pytest.mark.attack("A29")
@pytest.mark.parametrize("seconds", [1, 10, 25])
async def test_thirty_reveals_in_ten_minutes_are_impossible(seconds: int) -> None:
    """A29: an insider who harvests, at whatever pace, is stopped, and every refusal is a row with its reason."""
    audit = ListedAudit(SetClock())
    gate = ClearanceService(audit, audit.clock, lambda: ME, rules=Rules())
    policy = RevealPolicy(60, 30, True)
    service = RevealService(
        audit, StillVault(audit), audit.clock, policy, lambda: ME, recorder=lambda: "no", gate=gate
    )  # fmt: skip
    drawn = 0
    for number in range(600 // seconds):
        key = RecoveryKey(invented_key_id(number), f"device-{number}", MORNING, Volume.OPERATING_SYSTEM)
        try:
            disclosure = await service.begin(intake(key=key, term=_term(key.id), ticket=f"INC{number}"))
            await disclosure.end("cleared")
            drawn += 1
        except Problem as problem:
            assert problem.kind is ProblemKind.POLICY
        audit.clock.go(seconds)
    assert drawn <= 20
    refused = [row.entry for row in audit.written if row.entry.event is AuditEvent.DENY]
    assert len(refused) == 600 // seconds - drawn > 0
    assert all("the limit is" in entry.note and entry.operator == ME for entry in refused)
    assert Limits().per_ten_minutes < 30


async def approved(audit: ListedAudit) -> tuple[ClearanceService, str, Clearance]:
    """A console with one approval for the ordinary target, and the text that gave it."""
    console = clearing(audit)
    text = answer_text(console.ask(TARGET, ()), "approve", SECOND, SECOND_KEY)
    return console, text, Clearance(Circumstances(vip=True), approval=await console.accept(text))


@pytest.mark.attack("A30")
async def test_an_approval_serves_no_other_disclosure_and_only_once() -> None:
    """A30: another key, ticket or engineer, a second use, a replayed answer, another console: refused."""
    audit = ListedAudit(SetClock())
    console, text, cleared = await approved(audit)
    assert await console.refusal(TARGET, cleared) is None
    assert await console.refusal(OTHER, cleared) is not None
    assert await console.refusal(replace(TARGET, ticket="INC2"), cleared) is not None
    console.spend(cleared)
    assert await console.refusal(TARGET, cleared) is not None
    for elsewhere in (console, clearing(audit)):
        with pytest.raises(Problem, match="No request of this console"):
            await elsewhere.accept(text)
    again = console.ask(TARGET, ())
    with pytest.raises(Problem, match="No request of this console"):
        await console.accept(text)
    assert (await console.accept(answer_text(again, "approve", SECOND, SECOND_KEY))).word == "approve"
    assert [row.entry.event for row in audit.written] == ["approve", "deny", "deny", "deny", "approve"]


@pytest.mark.attack("A30")
async def test_through_the_reveal_service_an_approval_draws_once() -> None:
    """A30: the service itself uses the approval up, before INTENT."""
    audit = ListedAudit(SetClock())
    console, _, cleared = await approved(audit)
    vault, policy = StillVault(audit), RevealPolicy(60, 30, True)
    service = RevealService(
        audit, vault, audit.clock, policy, lambda: ME, recorder=lambda: "no", gate=console
    )  # fmt: skip
    key = RecoveryKey(TARGET.key_id, TARGET.device.id, MORNING, Volume.OPERATING_SYSTEM)
    order = intake(key=key, term=_term(TARGET.key_id), device=TARGET.device, ticket=TARGET.ticket, clearance=cleared)
    disclosure = await service.begin(order)
    await disclosure.end("cleared")
    with pytest.raises(Problem, match="second person"):
        await service.begin(order)
    (intent,) = (row.entry for row in audit.written if row.entry.event is AuditEvent.INTENT)
    assert cleared.approval is not None
    assert cleared.approval.request.nonce in intent.note


@pytest.mark.attack("A30")
async def test_nobody_approves_themselves() -> None:
    """A30: not on the own console, not with a hand-made answer, not under a name that differs in case."""
    own = Ed25519PrivateKey.generate()
    audit = ListedAudit(SetClock())
    mine = replace(APPROVERS[0], upn=ME.upn.upper(), public_key=own.public_key().public_bytes_raw())
    console = clearing(audit)
    console.approvers = (*APPROVERS, mine)
    request = console.ask(TARGET, ())
    for name in (ME.upn, ME.upn.upper(), f" {ME.upn} "):
        with pytest.raises(Problem, match="request of their own"):
            answer_text(request, "approve", name, own)
    forged = answer_text(_of_another(), "approve", ME.upn.upper(), own)
    with pytest.raises(Problem):
        read_answer(forged, request, console.approvers, MORNING)
    assert request_text(request)


def _of_another() -> ApprovalRequest:
    return new_request(
        MORNING, tenant="t", key_id=TARGET.key_id, device="d", ticket="INC1", requester="x@demo.example", caller="c",
        triggers=(), reason="r",
    )  # fmt: skip
