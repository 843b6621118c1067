"""A broken glass: a durable row or nothing, one key, one hour, one review by somebody else."""

from dataclasses import replace

import pytest

from tests.services.approvals import APPROVERS, ME, OTHER, RULES, SECOND, SECOND_KEY, TARGET, clearing
from tests.services.samples import ListedAudit, SetClock
from tui.errors import Problem
from tui.model.audit import AuditEntry, AuditEvent, Operator
from tui.services.approval import answer_text, read_request, request_text
from tui.services.break_glass import BreakGlass, BreakGlassService, banner, glass_line, unreviewed
from tui.services.clearance import Clearance
from tui.services.disclosure_policy import Circumstances

ENTRY = AuditEntry(
    event=AuditEvent.BREAK_GLASS, ticket="INC1", requester="ada", reason="theatre stands still", device=TARGET.device,
    key_id=TARGET.key_id,
)  # fmt: skip
COLLEAGUE = Operator("second@demo.example", "oid-2")


@pytest.fixture
def audit() -> ListedAudit:
    return ListedAudit(SetClock())


def service(audit: ListedAudit, who: Operator = ME) -> BreakGlassService:
    """At somebody's console."""
    return BreakGlassService(audit, audit.clock, lambda: who)


async def broken(audit: ListedAudit) -> BreakGlass:
    """One for the ordinary target."""
    return await service(audit).smash(ENTRY, "Break  GLASS", "no second person")


async def test_it_allows_one_key_to_one_engineer_for_an_hour(audit: ListedAudit) -> None:
    console, glass = clearing(audit, RULES), await broken(audit)
    clearance = Clearance(Circumstances(vip=True), glass=glass)
    assert await console.refusal(TARGET, clearance) is None
    assert await console.refusal(replace(TARGET, ticket=""), clearance) is None, "no ticket is what it is for"
    assert await console.refusal(OTHER, clearance) is not None
    assert not glass.covers(TARGET.key_id, COLLEAGUE, audit.clock.now())
    audit.clock.go(3600)
    assert await console.refusal(TARGET, clearance) is not None
    assert glass.id in clearance.words


async def test_it_does_not_lift_the_limits(audit: ListedAudit) -> None:
    console, glass = clearing(audit, RULES), await broken(audit)
    for _ in range(RULES.limits.per_minute):
        await audit.append(AuditEntry(event=AuditEvent.INTENT, operator=ME))
    refused = await console.refusal(TARGET, Clearance(glass=glass))
    assert refused is not None
    assert "the limit is" in str(refused)


@pytest.mark.parametrize(
    ("reason", "confirmation", "said"),
    [
        ("hurry", "break glass", "two words"),
        ("a b", "break glass", "two words"),
        ("theatre down", "yes", "not confirmed"),
    ],
)
async def test_without_reason_or_confirmation_nothing_breaks(
    audit: ListedAudit, reason: str, confirmation: str, said: str
) -> None:
    with pytest.raises(Problem, match=said):
        await service(audit).smash(replace(ENTRY, reason=reason), confirmation, "no ticket")
    assert audit.events == []


async def test_without_its_row_nothing_breaks(audit: ListedAudit) -> None:
    audit.fails_on = frozenset({AuditEvent.BREAK_GLASS})
    with pytest.raises(Problem, match="could not be written"):
        await broken(audit)


async def test_the_title_and_the_handover_say_it_until_it_is_reviewed(audit: ListedAudit) -> None:
    glass = await broken(audit)
    now = audit.clock.now()
    assert banner([glass], now).startswith("BREAK-GLASS until ")
    audit.clock.go(2 * 3600)
    assert banner(await service(audit).all(), audit.clock.now()) == "1 break-glass due for review"
    audit.clock.go(23 * 3600)
    assert banner(await service(audit).all(), audit.clock.now()) == "1 break-glass OVERDUE for review"
    assert "OVERDUE" in glass_line(glass, audit.clock.now())
    await service(audit, COLLEAGUE).review(glass, "called back, was right")
    (reviewed,) = await service(audit).all()
    assert (reviewed.reviewed_by, unreviewed([reviewed])) == (COLLEAGUE.upn, ())
    assert banner([reviewed], audit.clock.now()) == ""
    assert "reviewed by second" in glass_line(reviewed, audit.clock.now())
    with pytest.raises(Problem, match="nothing to review"):
        await service(audit, COLLEAGUE).review(glass, "again")


@pytest.mark.parametrize(
    ("who", "remark", "said"),
    [
        (ME, "was right", "of their own"),
        (Operator("ENGINEER@demo.example", "oid-9"), "was right", "of their own"),
        (Operator(), "was right", "of their own"),
        (COLLEAGUE, "  ", "says nothing"),
    ],
)
async def test_nobody_reviews_their_own(audit: ListedAudit, who: Operator, remark: str, said: str) -> None:
    glass = await broken(audit)
    with pytest.raises(Problem, match=said):
        await service(audit, who).review(glass, remark)
    assert audit.events == ["break-glass"]


async def test_a_colleague_reviews_from_another_console_with_a_signature(audit: ListedAudit) -> None:
    glass, mine = await broken(audit), service(audit)
    request = read_request(request_text(mine.review_request(glass, "t")), audit.clock.now())
    yes = answer_text(request, "approve", SECOND, SECOND_KEY, "called the ward back")
    with pytest.raises(Problem, match="another request"):
        await mine.take_review(glass, yes, APPROVERS, "u")
    await mine.take_review(glass, yes, APPROVERS, "t")
    (reviewed,) = await mine.all()
    assert reviewed.reviewed_by == SECOND
    assert "was right: called the ward back" in audit.written[-1].entry.note
    with pytest.raises(Problem, match="nothing to review"):
        await mine.take_review(glass, yes, APPROVERS, "t")
    with pytest.raises(Problem, match="of their own"):
        answer_text(request, "approve", ME.upn, SECOND_KEY)
