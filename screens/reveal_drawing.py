"""What the vault is asked to draw into the reveal pane, and what stands there by then."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from textual import events, on, work
from textual.content import Content
from textual.widgets import Static

from screens.reveal_shown import ALL_MS, BLOCK_MS, DICTATION_MS, Shown, whole
from screens.reveal_words import COPIED
from screens.shell import ConsoleModal
from screens.widgets.dictation import LANGUAGE_NAMES, DictationPane
from screens.widgets.key_blocks import BLOCKS, KeyBlocks
from screens.widgets.sealed_key import SealedKey
from screens.widgets.vault_pane import VaultPane
from tui.errors import Problem
from tui.ports import LANGUAGES, Cleared, DrawRegion
from tui.services.disclosure import Disclosure


class RevealDrawing(ConsoleModal[Cleared | Problem | None]):
    """Regions, blocks and times; never a digit."""

    def __init__(self) -> None:
        super().__init__()
        self._disclosure: Disclosure | None = None
        self._next_block = 0
        self._aloud = False
        self._sealed = False
        self._shown: Shown | None = None
        self._drawing = asyncio.Lock()

    def _repaint(self) -> None:
        self._shown = None
        self.refresh(repaint=True)

    @on(VaultPane.Repainted)
    def _draw_again(self) -> None:
        if (shown := self._shown) is not None:
            left_ms = (shown.until_ns - self.desk.clock.boottime_ns()) // 1_000_000
            if left_ms > 0:
                shown.draw(left_ms)

    def action_show_all_blocks(self) -> None:
        self._aloud = False
        self._draw(tuple(range(BLOCKS)), ALL_MS)

    def action_show_next_block(self) -> None:
        self._show_block(self._next_block)

    def action_show_previous_block(self) -> None:
        self._show_block((self._next_block - 2) % BLOCKS)

    def action_read_aloud(self) -> None:
        self._aloud = True
        self._show_block((self._next_block or 1) - 1)

    def action_next_language(self) -> None:
        pane = self.query_one(DictationPane)
        names = list(LANGUAGES)
        pane.language = names[(names.index(pane.language) + 1) % len(names)]
        self._say(f"Words in {LANGUAGE_NAMES[pane.language]}.")
        if self._aloud:
            self._show_block(pane.block)

    def action_mask_blocks(self) -> None:
        self._draw((), 0)

    def action_copy_key(self) -> None:
        self._copy()

    def action_switch_form(self) -> None:
        self.query_one(SealedKey).switch()
        # What stood under a code.
        self._repaint()
        self.call_after_refresh(self._seal)

    def on_resize(self, _: events.Resize) -> None:
        if self._shown is not None:
            self._shown = None
            self.call_after_refresh(self._draw, (), 0)

    def _show_block(self, block: int) -> None:
        self._next_block = (block + 1) % BLOCKS
        if self._aloud:
            pane = self.query_one(DictationPane)
            pane.block = block
            self._dictate(DICTATION_MS)
        else:
            self._draw((block,), BLOCK_MS)

    @work(group="reveal-draw", exit_on_error=False, description="let the vault draw")
    async def _draw(self, blocks: tuple[int, ...], mask_after_ms: int) -> None:
        async def draw(disclosure: Disclosure) -> None:
            pane = self.query_one(KeyBlocks)
            cells = whole(pane.cells())
            self._shown = None
            await disclosure.draw(DrawRegion(cells, pane.sgr(), blocks, mask_after_ms))
            if blocks:
                self._stands(pane, partial(self._draw, blocks), mask_after_ms)

        await self._let_vault(draw)

    @work(group="reveal-draw", exit_on_error=False, description="let the vault write a block to be read aloud")
    async def _dictate(self, mask_after_ms: int) -> None:
        async def dictate(disclosure: Disclosure) -> None:
            pane = self.query_one(DictationPane)
            region = whole(pane.region_for(mask_after_ms))
            self._shown = None
            await disclosure.dictate(region)
            self._stands(pane, self._dictate, mask_after_ms)

        await self._let_vault(dictate)

    def _stands(self, pane: VaultPane, draw: Callable[[int], object], mask_after_ms: int) -> None:
        pane.filled = True
        self._shown = Shown(draw, self.desk.clock.boottime_ns() + mask_after_ms * 1_000_000)

    @work(group="reveal-draw", exit_on_error=False, description="let the vault write the sealed key")
    async def _seal(self) -> None:
        async def seal(disclosure: Disclosure) -> None:
            await disclosure.seal(self.query_one(SealedKey).region_for(disclosure.decision.recipient))

        if not await self._let_vault(seal) and self.query_one(SealedKey).form == "qr":
            self.query_one(SealedKey).switch()
            await self._let_vault(seal)

    @work(group="reveal-copy", exclusive=True, exit_on_error=False, description="let the vault copy the key")
    async def _copy(self) -> None:
        async def copy(disclosure: Disclosure) -> None:
            await disclosure.copy()
            self._say(COPIED[self.desk.reveal.policy.clipboard])

        await self._let_vault(copy)

    async def _let_vault(self, work: Callable[[Disclosure], Awaitable[None]]) -> bool:
        """Between two frames of the console; what is refused is said in the pane, and answered as False."""
        if self._disclosure is None:
            return False
        async with self._drawing:
            try:
                async with self.shell.hold_output():
                    await work(self._disclosure)
                return True
            except Problem as problem:
                self._say(str(problem))
                return False

    def _say(self, text: str) -> None:
        self.query_one("#reveal-note", Static).update(Content(text), layout=False)
