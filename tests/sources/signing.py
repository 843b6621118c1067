"""Who looks at a sign-in: what was shown, and how it failed."""

import asyncio

import pytest

from tui.errors import Problem
from tui.sources.sign_in import Prompt, SignIn


class Shown:
    """The console's side of a device code."""

    def __init__(self) -> None:
        self.prompts: list[Prompt] = []
        self.first = asyncio.Event()

    async def __call__(self, prompt: Prompt) -> None:
        self.prompts.append(prompt)
        self.first.set()


async def failed(signing: SignIn) -> Problem:
    with pytest.raises(Problem) as caught:
        await signing.token()
    return caught.value
