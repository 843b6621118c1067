"""`$batch`: up to 20 GETs in one POST, written by hand.

The SDK's own batch classes need a package that it does not declare, write absolute URLs and a wrong dependency key.
Parts are judged and throttled one by one, so that a part can be 429 inside a 200; such parts go again. Keyed reads are
never batched: all parts of a batch share one request id, and each disclosure needs its own.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

import msgspec

from tui.errors import Problem, ProblemKind
from tui.model.wire import Workload
from tui.sources.graph.problems import Ask, problem_of, unreadable
from tui.sources.graph.transport import RETRY_BUDGET, Transport, with_query
from tui.sources.upstream import Answer, retry_after

LARGEST = 20
"""Parts of one batch (Microsoft Graph, "Combine multiple HTTP requests using JSON batching")."""
ROUNDS = 4
"""Sends of one part at most."""
_AGAIN = frozenset({429, 503, 504})


@dataclass(frozen=True, slots=True)
class Part:
    """One GET below the version: an encoded path and its query options."""

    path: str
    query: Mapping[str, str]

    @property
    def url(self) -> str:
        """Relative, as the documentation asks for it."""
        return with_query(self.path, self.query)


class _Response(msgspec.Struct):
    id: object = None
    status: int = 0
    headers: dict[str, object] | None = None
    body: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class _Responses(msgspec.Struct):
    responses: list[_Response]


_RESPONSES = msgspec.json.Decoder(_Responses)


async def send_batch(
    transport: Transport, parts: Sequence[Part], ask: Ask, workload: Workload, *, background: bool = False
) -> list[Answer | Problem]:
    """The parts' answers in the order of the parts; what the server refuses is a `Problem` of that part alone.

    Raises `Problem` when the batch as a whole was refused or is unreadable.
    """
    if not parts:
        return []
    _refuse_keyed_reads(parts)
    answers: dict[int, Answer | Problem] = {}
    waiting, patience = list(range(len(parts))), RETRY_BUDGET
    for left in reversed(range(ROUNDS)):
        round_answers = await _round(transport, parts, waiting, ask, workload, background=background)
        answers |= {place: _settled(answer, ask) for place, answer in round_answers.items()}
        again = [place for place, answer in round_answers.items() if answer.status in _AGAIN]
        wait = max((retry_after(round_answers[place].headers) or 1.0 for place in again), default=0.0)
        if not again or not left or wait > patience:
            break
        waiting, patience = again, patience - wait
        await asyncio.sleep(wait)
    return [answers[place] for place in range(len(parts))]


async def _round(
    transport: Transport,
    parts: Sequence[Part],
    places: Sequence[int],
    ask: Ask,
    workload: Workload,
    *,
    background: bool,
) -> dict[int, Answer]:
    requests = [{"id": str(place), "method": "GET", "url": parts[place].url} for place in places]
    info = transport.plain("POST", "/$batch", body=msgspec.json.encode({"requests": requests}))
    try:
        answer = await transport.send(
            info, str(uuid4()), ask=ask, workload=workload, parts=len(places), background=background
        )
    except Problem as problem:
        if problem.status not in _AGAIN:
            raise
        # The batch as a whole was put off: it changes nothing, so that it may go again like its parts.
        wait = {} if problem.retry_after is None else {"retry-after": str(problem.retry_after)}
        return {place: Answer(problem.status, b"", wait) for place in places}
    await transport.step()
    return _by_place(answer, places, ask)


def _by_place(answer: Answer, places: Sequence[int], ask: Ask) -> dict[int, Answer]:
    try:
        responses = _RESPONSES.decode(answer.body).responses
    except msgspec.MsgspecError:
        raise unreadable(answer, ask, "It is not the answer of a batch") from None
    asked = {str(place): place for place in places}
    found: dict[int, Answer] = {}
    for response in responses:
        place = asked.get(str(response.id))
        if place is not None and place not in found:
            body = b"" if response.body is msgspec.UNSET else bytes(response.body)
            headers = {name.lower(): str(value) for name, value in (response.headers or {}).items()}
            # Every part carries the ids of the whole batch.
            found[place] = Answer(response.status, body, {**answer.headers, **headers})
    for place in places:
        found.setdefault(place, Answer(0, b"", answer.headers))
    return found


def _settled(answer: Answer, ask: Ask) -> Answer | Problem:
    if 200 <= answer.status < 300:
        return answer
    if answer.status == 0:
        return unreadable(answer, ask, "The batch left this part out")
    return problem_of(answer, ask)


def _refuse_keyed_reads(parts: Sequence[Part]) -> None:
    if len(parts) > LARGEST:
        raise ValueError(f"{len(parts)} parts in a batch of {LARGEST}")
    for part in parts:
        selected = {name.strip().lower() for name in part.query.get("$select", "").split(",")}
        if "recoverykeys" in part.path.lower() and "key" in selected:
            raise Problem(
                ProblemKind.POLICY, "A recovery password is never read in a batch", "Each disclosure has its own call"
            )
