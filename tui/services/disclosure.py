"""One key in the vault's hands: what may be done with it, each route with its row, and one OUTCOME in the end."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal

from tui.errors import Problem, ProblemKind
from tui.model.audit import AuditEntry, AuditEvent
from tui.ports import (
    AuditTrail,
    Cleared,
    DictationRegion,
    DrawRegion,
    KeyboardLoan,
    KeyRead,
    KeyReadRequest,
    OpenVault,
    ReadBack,
    SealRegion,
    VaultEvent,
)

Clipboard = Literal["off", "local", "osc52"]


class Delivery(StrEnum):
    """How the key reaches its user; the `channel` of its rows."""

    DRAW = "draw"
    DRAW_ACCEPTED = "draw-accepted"
    """Drawn in a session that is, or may be, recorded, because the engineer accepted that."""
    SEALED = "sealed"
    """The terminal carries ciphertext for one public key, and no digit."""
    HANDOFF = "handoff"
    """By another channel, which was verified; this console never reads the key."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the engineer chose. `recipient` is the public key of `sealed`, `channel` the words for a `handoff`."""

    delivery: Delivery
    recipient: str = ""
    channel: str = ""


@dataclass(slots=True)
class Dictation:
    """What was read back so far: blocks that were right, and how often one was wrong."""

    right: set[int] = field(default_factory=set)
    wrong: int = 0

    def take(self, heard: ReadBack) -> None:
        """Count one block."""
        if heard.differs:
            self.wrong += 1
        else:
            self.right.add(heard.block)

    def __str__(self) -> str:
        if not self.right and not self.wrong:
            return ""
        return f"read back {len(self.right)} of 8 blocks, misread {self.wrong}"


class Disclosure:
    """Ends exactly once, whatever ends it, with one OUTCOME row. `recorder` names a recorder that runs now, or `no`."""

    def __init__(
        self,
        audit: AuditTrail,
        intent: AuditEntry,
        decision: Decision,
        *,
        clipboard: Clipboard = "off",
        recorder: Callable[[], str],
    ) -> None:
        self.decision = decision
        self.dictation = Dictation()
        self.deadline_ns = 0
        self._audit = audit
        self._entry = intent
        self._clipboard = clipboard
        self._recorder = recorder
        self._vault: OpenVault | None = None
        self._rows: set[str] = set()
        self._ended: asyncio.Task[Cleared] | None = None

    @property
    def key_id(self) -> str:
        """The key's ID."""
        return self._entry.key_id

    async def read(self, opening: Awaitable[OpenVault], request: KeyReadRequest) -> None:
        """Have the vault fetch and check the key; its failure is an OUTCOME row and is raised."""
        try:
            self._vault = await opening
            answer = await self._vault.read(request)
        except Problem as problem:
            await self._fail(problem)
            raise
        except BaseException:
            await asyncio.shield(self.end("cancelled"))
            raise
        self._entry = _with_answer(self._entry, answer)
        self.deadline_ns = answer.deadline_boottime_ns

    async def listen(self, loan: KeyboardLoan, on_event: Callable[[VaultEvent], None]) -> None:
        """Let the vault read the terminal; what is read back is counted before `on_event` hears of it."""

        def hear(event: VaultEvent) -> None:
            if isinstance(event, ReadBack):
                self.dictation.take(event)
            on_event(event)

        await self._open_vault().lend_keyboard(loan, hear)

    async def draw(self, region: DrawRegion) -> None:
        """Write DRAW if none was written, then let the vault draw. Nothing is drawn without the row."""
        await self._before_digits()
        await self._or_end(self._open_vault().draw(region, self.deadline_ns))

    async def dictate(self, region: DictationRegion) -> None:
        """Write DRAW if none was written, then let the vault write one block to be read aloud."""
        await self._before_digits()
        await self._or_end(self._open_vault().dictate(region, self.deadline_ns))

    async def seal(self, region: SealRegion) -> None:
        """Write DELIVER, then let the vault write the ciphertext."""
        if self.decision.delivery is not Delivery.SEALED:
            raise _not_chosen("It was not chosen to seal this key")
        vault = self._open_vault()
        await self._row(AuditEvent.DELIVER, Delivery.SEALED, f"sealed to {region.recipient}")
        await vault.seal(region, self.deadline_ns)

    async def copy(self) -> None:
        """Write DELIVER, then let the vault copy the key by the route of the configuration."""
        route = self._clipboard
        if route == "off":
            raise Problem(
                ProblemKind.POLICY,
                "Copying is off",
                "reveal.clipboard in the config says so: clipboards are kept by others",
                "Read the key out.",
            )
        if self.decision.delivery is Delivery.SEALED:
            raise _not_chosen("This key leaves sealed only")
        vault = self._open_vault()
        if route == "osc52":
            # The sequence goes through the terminal, where a recorder keeps it as base64.
            await self._refuse_recorder()
        await self._row(AuditEvent.DELIVER, f"clipboard-{route}", "")
        await vault.copy(route, self.deadline_ns)

    async def wait(self) -> Cleared:
        """Wait until the vault has ended by itself (deadline, a key, its death), and write the OUTCOME."""
        cleared = await self._open_vault().cleared()
        return await self.end(cleared.ended_by)

    async def clear(self, why: str) -> None:
        """Take the digits away now; `end` records it. Safe to call at any time."""
        if self._vault is not None:
            await asyncio.shield(asyncio.ensure_future(self._vault.clear(why)))

    async def end(self, why: str) -> Cleared:
        """Clear now and write the OUTCOME; later calls answer what the first one found."""
        if self._ended is None:
            self._ended = asyncio.ensure_future(self._end(why))
        return await asyncio.shield(self._ended)

    def _open_vault(self) -> OpenVault:
        if self._vault is None or self._ended is not None:
            raise Problem(ProblemKind.LOCAL, "The key is already gone", "", "Start the disclosure again.")
        return self._vault

    async def _before_digits(self) -> None:
        if self.decision.delivery is Delivery.SEALED:
            raise _not_chosen("This key leaves sealed only")
        self._open_vault()
        await self._refuse_recorder()
        await self._or_end(self._row(AuditEvent.DRAW, self.decision.delivery, ""))

    async def _refuse_recorder(self) -> None:
        """A recorder may have started since the engineer was asked."""
        if self.decision.delivery is Delivery.DRAW_ACCEPTED:
            return
        seen = await asyncio.to_thread(self._recorder)
        if seen == "no":
            return
        refusal = recorder_refusal(seen)
        await self._audit.append(replace(self._entry, event=AuditEvent.DENY, note=f"{refusal.what}: {seen}"))
        raise refusal

    async def _row(self, event: AuditEvent, channel: str, note: str) -> None:
        """One row a channel and recipient: what is drawn again is the same disclosure."""
        row = f"{event} {channel} {note}"
        if row not in self._rows:
            said = "; ".join(part for part in (self._entry.note, note) if part)
            await self._audit.append(replace(self._entry, event=event, channel=channel, note=said))
            self._rows.add(row)

    async def _or_end(self, work: Awaitable[None]) -> None:
        try:
            await work
        except BaseException:
            await asyncio.shield(self.end("draw-failed"))
            raise

    async def _end(self, why: str) -> Cleared:
        cleared = await self._vault.clear(why) if self._vault is not None else Cleared(why, 0)
        said = "; ".join(part for part in (self._entry.note, str(self.dictation)) if part)
        outcome = replace(
            self._entry,
            event=AuditEvent.OUTCOME,
            ended_by=cleared.ended_by,
            shown_ms=cleared.shown_ms,
            note=said,
        )
        await self._audit.append(outcome)
        return cleared

    async def _fail(self, problem: Problem) -> None:
        self._entry = replace(self._entry, http_status=problem.status, request_id=problem.request_id, note=problem.what)
        await asyncio.shield(self.end("refused" if problem.kind is ProblemKind.FORBIDDEN else "failed"))


def recorder_refusal(recorder: str) -> Problem:
    """Drawing in a session that is recorded, without anybody's acceptance."""
    return Problem(
        ProblemKind.POLICY,
        "This session is recorded, and drawing was not accepted",
        f"Seen: {recorder}",
        "Start again and choose: accept the drawing (y), seal the key (s), or hand it off (h).",
    )


def _not_chosen(why: str) -> Problem:
    return Problem(ProblemKind.POLICY, why, "The choice was made before the key was read", "Start again to choose.")


def _with_answer(entry: AuditEntry, answer: KeyRead) -> AuditEntry:
    return replace(entry, request_id=answer.request_id, graph_date=answer.graph_date, http_status=answer.http_status)
