"""Signing in: one bearer token for Graph, in memory only, shared by all who ask for it.

azure-identity has no asynchronous interactive credential and waits for the engineer for up to 15 minutes, so it runs
in a daemon thread, which holds up neither the event loop nor the end of the process.
"""

import asyncio
import base64
import binascii
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
    """What the engineer has to do: open `url` on any machine and enter `code`, before `expires_at`."""

    url: str
    code: str
    expires_at: datetime


OnPrompt = Callable[[Prompt], Awaitable[None]]


class Credential(Protocol):
    """A way of signing in, called in a thread."""

    def acquire(
        self, claims: str | None, prompt: Callable[[Prompt], None], stopped: threading.Event
    ) -> tuple[str, float]:
        """A token and its end (Unix time); `claims` is the JSON of a challenge to answer. Raises `Problem`."""
        ...


class SignIn:
    """An `AccessToken` over a credential. Whoever asks while a sign-in runs waits for that one."""

    def __init__(self, credential: Credential, on_prompt: OnPrompt | None = None) -> None:
        self._credential = credential
        self._on_prompt = on_prompt
        self._token = ""
        self._expires_at = 0.0
        self._renewed_at = float("-inf")
        self._claims_met = ""
        self._pending: asyncio.Task[str] | None = None
        self._answer: asyncio.Future[tuple[str, float]] | None = None
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

    def forget(self) -> None:
        """Drop the token."""
        self.cancel()
        self._token, self._expires_at = "", 0.0

    async def _shared(self, claims: str | None) -> str:
        if self._pending is None or self._pending.done():
            self._pending = asyncio.create_task(self._renew(claims))
            # Waiters may all be gone by the time it fails, and then nobody else looks at the failure.
            self._pending.add_done_callback(lambda task: task.cancelled() or task.exception())
        # One waiter's cancellation must not end the sign-in of the others.
        return await asyncio.shield(self._pending)

    async def _renew(self, claims: str | None) -> str:
        loop = asyncio.get_running_loop()
        self._answer = answer = loop.create_future()
        self._stopped = stopped = threading.Event()

        def settle(value: tuple[str, float] | None, problem: Problem | None) -> None:
            if answer.done():
                return
            if value is not None:
                answer.set_result(value)
            elif problem is not None:
                answer.set_exception(problem)

        def work() -> None:
            value: tuple[str, float] | None = None
            problem: Problem | None = None
            try:
                value = self._credential.acquire(claims, lambda shown: self._show(loop, shown), stopped)
            except Problem as error:
                problem = error
            except Exception as error:
                problem = Problem(
                    ProblemKind.SIGNED_OUT, "The sign-in failed", clean_line(f"{type(error).__name__}: {error}", 300)
                )
            # The loop may have ended while the engineer had not yet decided.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(settle, value, problem)

        threading.Thread(target=work, name="sign-in", daemon=True).start()
        self._token, self._expires_at = await answer
        self._renewed_at = time.monotonic()
        return self._token

    def _show(self, loop: asyncio.AbstractEventLoop, prompt: Prompt) -> None:
        if self._on_prompt is not None:
            asyncio.run_coroutine_threadsafe(_shown(self._on_prompt, prompt), loop)


class GivenToken:
    """A token from the environment or a file, for an endpoint on this machine and for no other."""

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
