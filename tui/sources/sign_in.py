"""Signing in: one bearer token for Graph, in memory only, shared by all who ask for it.

azure-identity has no asynchronous interactive credential and waits for the engineer for up to 15 minutes, so it runs
in a daemon thread, which holds up neither the event loop nor the end of the process.
"""

import asyncio
import base64
import binascii
import contextvars
import ipaddress
import os
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from tui.errors import Problem, ProblemKind
from tui.text import clean_line

TOKEN_VARIABLE = "RESEAL_GRAPH_TOKEN"  # noqa: S105  (the name of the variable, not a token)
MARGIN = 240.0
"""Seconds before its end that a token is renewed; less than the 300 at which MSAL itself renews instead of re-using."""
_FRESH = 60.0


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the engineer has to do before `expires_at`: open `url` on any machine and enter `code`.

    Without a code a browser was opened here, and `url` is the host that signs in.
    """

    url: str
    code: str
    expires_at: datetime


OnPrompt = Callable[[Prompt], Awaitable[None]]


class Credential(Protocol):
    """A way of signing in, called in a thread. `interactive`: it may wait for the engineer."""

    interactive: bool

    def acquire(
        self, claims: str | None, prompt: Callable[[Prompt], None], stopped: threading.Event
    ) -> tuple[str, float]:
        """A token and its end (Unix time); `claims` is the JSON of a challenge to answer. Raises `Problem`."""
        ...

    def forget(self) -> None:
        """Drop what would sign in without the engineer."""
        ...


class SignIn:
    """An `AccessToken` over a credential. Whoever asks while a sign-in runs waits for that one.

    `on_prompt` may show its prompt for as long as it likes: it is cancelled when the sign-in is over. A sign-in that
    the engineer gave up, or that was refused, is not begun anew by whatever asks next, but by `again`.
    """

    refused: Problem | None = None
    """Why nobody is signed in, until `again`; None while a sign-in may begin or has succeeded."""

    def __init__(self, credential: Credential, on_prompt: OnPrompt | None = None) -> None:
        self._credential = credential
        self._on_prompt = on_prompt
        self._token = ""
        self._expires_at = 0.0
        self._renewed_at = float("-inf")
        self._claims_met = ""
        self._pending: asyncio.Task[str] | None = None
        self._answer: asyncio.Future[tuple[str, float]] | None = None
        self._prompts: set[asyncio.Task[None]] = set()
        self._stopped = threading.Event()

    @property
    def signed_in(self) -> bool:
        """A token is there and good for some minutes."""
        return bool(self._token) and self._expires_at - time.time() > MARGIN

    async def token(self) -> str:
        """A token that is good now; may wait for the engineer."""
        return self._token if self.signed_in else await self._shared(None)

    async def challenge(self, claims: str) -> None:
        """Answer a continuous-access-evaluation challenge; `claims` as it stands in the header (base64)."""
        if claims == self._claims_met and time.monotonic() - self._renewed_at < _FRESH:
            return
        self._token = ""
        await self._shared(_decoded_claims(claims))
        self._claims_met = claims

    def cancel(self) -> None:
        """Give up a sign-in that runs; everybody who waits for it gets a `Problem`."""
        self._stopped.set()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(
                Problem(ProblemKind.SIGNED_OUT, "The sign-in was cancelled", "", "Sign in when you are ready")
            )

    def again(self) -> None:
        """The engineer wants a new sign-in: what is there of the old one is dropped, and the next who asks begins."""
        self.cancel()
        self._answer = self._pending = None
        self._token, self._expires_at, self.refused = "", 0.0, None
        self._credential.forget()

    async def _shared(self, claims: str | None) -> str:
        if self.refused is not None:
            why = self.refused.what if not self.refused.why else f"{self.refused.what}: {self.refused.why}"
            step = "Sign in when you are ready"
            raise Problem(ProblemKind.SIGNED_OUT, "You are signed out", why, step, code=self.refused.code)
        if self._pending is None or self._pending.done():
            self._pending = asyncio.create_task(self._renew(claims))
            # Waiters may all be gone by the time it fails, and then nobody else looks at the failure.
            self._pending.add_done_callback(lambda task: task.cancelled() or task.exception())
        # One waiter's cancellation must not end the sign-in of the others.
        return await asyncio.shield(self._pending)

    async def _renew(self, claims: str | None) -> str:
        self._answer = answer = asyncio.get_running_loop().create_future()
        self._stopped = threading.Event()
        self._start(claims, answer, self._stopped)
        try:
            self._token, self._expires_at = await answer
        except Problem as problem:
            mine = answer is self._answer
            if mine and self._credential.interactive and problem.kind is ProblemKind.SIGNED_OUT:
                self.refused = problem
            raise
        finally:
            for prompt in tuple(self._prompts):
                prompt.cancel()
        self._renewed_at = time.monotonic()
        return self._token

    def _start(self, claims: str | None, answer: "asyncio.Future[tuple[str, float]]", stopped: threading.Event) -> None:
        loop = asyncio.get_running_loop()
        # A thread begins without context, and what shows the prompt has to know its app.
        context = contextvars.copy_context()

        def show(prompt: Prompt) -> None:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._show, prompt, answer, context=context)

        def work() -> None:
            found: tuple[str, float] | Problem
            try:
                found = self._credential.acquire(claims, show, stopped)
            except Problem as problem:
                found = problem
            except Exception as error:
                why = clean_line(f"{type(error).__name__}: {error}", 300)
                found = Problem(ProblemKind.SIGNED_OUT, "The sign-in failed", why)
            # The loop may have ended while the engineer had not yet decided.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(_settle, answer, found)

        threading.Thread(target=work, name="sign-in", daemon=True).start()

    def _show(self, prompt: Prompt, answer: "asyncio.Future[tuple[str, float]]") -> None:
        if self._on_prompt is None or answer.done():
            return
        showing = asyncio.create_task(_shown(self._on_prompt, prompt))
        self._prompts.add(showing)
        showing.add_done_callback(lambda task: self._shown(task, answer))

    def _shown(self, showing: "asyncio.Task[None]", answer: "asyncio.Future[tuple[str, float]]") -> None:
        self._prompts.discard(showing)
        error = None if showing.cancelled() else showing.exception()
        if error is not None:
            self._stopped.set()
            what = "The code for signing in could not be shown"
            _settle(answer, Problem(ProblemKind.LOCAL, what, type(error).__name__, "Sign in again"))


class GivenToken:
    """A token from the environment or a file, for an endpoint on this machine and for no other."""

    refused: Problem | None = None
    """Nobody is asked, so nobody refuses."""

    def __init__(self, endpoint: str, token_file: str = "", environ: Mapping[str, str] = os.environ) -> None:
        self._endpoint = endpoint
        self._file = token_file
        self._environ = environ

    async def token(self) -> str:
        """The token as it stands there now."""
        if not is_loopback(self._endpoint):
            raise Problem(
                ProblemKind.CONFIG,
                "A token from the environment or a file is not taken for this endpoint",
                f"{clean_line(self._endpoint, 200)} is not on this machine",
                'Choose another [sign_in] method, such as "device-code"',
            )
        found = self._environ.get(TOKEN_VARIABLE, "").strip() or await asyncio.to_thread(self._read)
        if not found or not found.isascii() or not found.isprintable() or " " in found:
            raise Problem(
                ProblemKind.SIGNED_OUT,
                "There is no usable token",
                f"{TOKEN_VARIABLE} is empty" + (", and so is the token file" if self._file else ""),
                f"Set {TOKEN_VARIABLE} or [sign_in] token_file",
            )
        return found

    async def challenge(self, claims: str) -> None:
        """Nothing can be asked anew here; the next `token` reads again."""

    def cancel(self) -> None:
        """Nothing runs."""

    def again(self) -> None:
        """The next `token` reads again."""

    def _read(self) -> str:
        if not self._file:
            return ""
        try:
            with Path(self._file).open(encoding="ascii") as file:
                return file.read(65_536).strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Problem(
                ProblemKind.CONFIG,
                "The token file could not be read",
                clean_line(str(error), 300),
                "Look at [sign_in] token_file in the config",
            ) from None


def is_loopback(endpoint: str) -> bool:
    """The URL's host is this machine, by address or as `localhost`."""
    host = (urlsplit(endpoint).hostname or "").lower()
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _settle(answer: "asyncio.Future[tuple[str, float]]", found: tuple[str, float] | Problem) -> None:
    if answer.done():
        return
    if isinstance(found, Problem):
        answer.set_exception(found)
    else:
        answer.set_result(found)


async def _shown(on_prompt: OnPrompt, prompt: Prompt) -> None:
    await on_prompt(prompt)


def _decoded_claims(claims: str) -> str:
    try:
        return base64.b64decode(claims + "=" * (-len(claims) % 4), altchars=b"-_", validate=False).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise Problem(
            ProblemKind.SIGNED_OUT,
            "Graph asked for a new sign-in in a way that could not be read",
            "Its claims challenge is not base64",
            "Sign in again",
        ) from None
