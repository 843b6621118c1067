"""Microsoft Graph through the courier."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from inspect import iscoroutinefunction
from typing import Any, get_type_hints

from tui.cloud import GraphSide
from tui.config import Config
from tui.courier.messages import TOKEN
from tui.courier.process import Courier
from tui.model.wire import Call
from tui.ports import SignInPrompt


class GraphApart:
    """`tui.cloud.Graph` in a process of its own."""

    def __init__(
        self, config: Config, on_prompt: Callable[[SignInPrompt], Awaitable[None]], on_call: Callable[[Call], None]
    ) -> None:
        self.courier = Courier(config, on_prompt, on_call)
        ports = get_type_hints(GraphSide)
        self._side = GraphSide(**{name: _Port(self.courier, name, protocol) for name, protocol in ports.items()})

    async def begin(self) -> None:
        """Start the process, which loads while the console goes on. Raises `Problem(LOCAL)`."""
        await self.courier.start()

    async def side(self) -> GraphSide:
        """Its ports; what cannot be loaded says so when it is asked."""
        return self._side

    async def token(self) -> str:
        """A token that is good now; may wait for the engineer to sign in."""
        return str(await self.courier.call(TOKEN, "token"))

    @property
    def signed_out(self) -> bool:
        """The sign-in was given up or refused, and waits for `sign_in_again`."""
        return self.courier.signed_out

    def sign_in_again(self) -> None:
        """Whoever needs a token next may begin a sign-in."""
        self.courier.sign_in_again()

    def cancel_sign_in(self) -> None:
        """Give up a sign-in that waits for the engineer."""
        self.courier.cancel_sign_in()

    async def close(self) -> None:
        """End the process."""
        await self.courier.close()


@dataclass(frozen=True, slots=True)
class _Port:
    """A port of `GraphSide`: what is called here is called there."""

    courier: Courier
    name: str
    protocol: type

    def __getattr__(self, method: str) -> Any:
        declared = getattr(self.protocol, method, None)
        if method.startswith("_") or declared is None:
            raise AttributeError(method)
        send = self.courier.call if iscoroutinefunction(declared) else self.courier.stream
        return partial(send, self.name, method)
