"""One reveal from end to end: a real child, a real terminal, real HTTP."""

import os
import re

import pytest

from tests.support.terminal import Terminal
from tests.vault.conftest import ALL, CELLS, REQUEST, in_seconds, region
from tests.vault.graph_stub import TOKEN, GraphStub
from tests.vault.keys import invented_password
from tests.vault.watching import BULLETS, shown
from tui.errors import Problem
from tui.vault.process import VaultProcess


async def test_the_digits_stand_in_their_cells_and_nowhere_else(
    vault: VaultProcess, terminal: Terminal, graph: GraphStub
) -> None:
    before = terminal.text()
    read = await vault.read(REQUEST)
    assert terminal.text() == before
    await vault.draw(region(), in_seconds(30))
    blocks = invented_password(graph.seed).split("-")
    await terminal.until(lambda: shown(terminal) == blocks)
    assert terminal.cursor == (8, 3)
    after = terminal.text()
    for block, (column, row) in enumerate(CELLS):
        assert after[row].count(blocks[block]) == 1
        after[row] = after[row][:column] + "." * 6 + after[row][column + 6 :]
    assert after == before
    assert terminal.cell(*CELLS[3]).bold
    assert not terminal.cell(0, 0).bold
    assert read.http_status == 200
    assert read.request_id == "5d7b6d8e-2c1f-4a3b-9e8d-0123456789ab"
    assert read.graph_date == "Mon, 23 Nov 2026 08:00:00 GMT"


async def test_graph_sees_one_keyed_read_with_our_ids_and_never_a_second(vault: VaultProcess, graph: GraphStub) -> None:
    await vault.read(REQUEST)
    (request,) = graph.requests
    assert request.method == "GET"
    assert request.url.path.endswith(f"/recoveryKeys/{REQUEST.key_id}")
    assert request.url.query == "$select=key"
    assert request.headers["client-request-id"] == REQUEST.client_request_id
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["user-agent"].startswith("reseal-test/1")
    with pytest.raises(Problem, match="out of turn"):
        await vault.read(REQUEST)
    assert len(graph.requests) == 1


async def test_clearing_leaves_bullets_and_no_process(vault: VaultProcess, terminal: Terminal) -> None:
    await vault.read(REQUEST)
    await vault.draw(region(), in_seconds(30))
    cleared = await vault.clear("escape")
    assert cleared.ended_by == "escape"
    assert 0 <= cleared.shown_ms < 5000
    await terminal.until(lambda: shown(terminal) == BULLETS)
    assert terminal.cursor == (8, 3)
    assert await vault.clear("again") == cleared
    assert await vault.cleared() == cleared
    with pytest.raises(ProcessLookupError):
        os.kill(vault.pid, 0)


async def test_only_the_wanted_blocks_are_drawn_and_cells_that_are_left_hold_none(
    vault: VaultProcess, terminal: Terminal
) -> None:
    blocks = invented_password(1).split("-")
    await vault.read(REQUEST)
    await vault.draw(region((0, 1)), in_seconds(30))
    await terminal.until(lambda: shown(terminal) == blocks[:2] + BULLETS[2:])
    await vault.draw(region((7,)), in_seconds(30))
    await terminal.until(lambda: shown(terminal) == BULLETS[:7] + blocks[7:])
    lower = tuple((column + 3, row + 10) for column, row in CELLS)
    await vault.draw(region(), in_seconds(30))
    await vault.draw(region(cells=lower), in_seconds(30))
    await terminal.until(lambda: shown(terminal, lower) == blocks)
    assert shown(terminal) == BULLETS


async def test_after_a_resize_the_console_has_repainted_the_old_cells(vault: VaultProcess, terminal: Terminal) -> None:
    lower = tuple((column + 3, row + 10) for column, row in CELLS)
    await vault.read(REQUEST)
    await vault.draw(region(), in_seconds(30))
    await terminal.until(lambda: shown(terminal) == invented_password(1).split("-"))
    terminal.resize(100, 30)
    written = len(terminal.raw)
    await vault.draw(region(cells=lower), in_seconds(30))
    await terminal.until(lambda: shown(terminal, lower) == invented_password(1).split("-"))
    rows = {int(row) for row in re.findall(rb"\x1b\[(\d+);\d+H", terminal.raw[written:])}
    assert rows == {row + 1 for _, row in lower}


async def test_a_pane_that_does_not_fit_is_not_drawn(vault: VaultProcess, terminal: Terminal) -> None:
    await vault.read(REQUEST)
    with pytest.raises(Problem, match="do not fit"):
        await vault.draw(region(cells=((75, 1), *CELLS[1:])), in_seconds(30))
    assert (await vault.cleared()).ended_by == "not-drawn"
    assert shown(terminal) == ["......"] * 8


async def test_a_colour_cannot_carry_another_sequence(vault: VaultProcess, terminal: Terminal) -> None:
    await vault.read(REQUEST)
    with pytest.raises(Problem):
        await vault.draw(region(sgr="0m\x1b[2J"), in_seconds(30))
    assert (await vault.cleared()).ended_by == "bad-order"
    assert shown(terminal) == ["......"] * 8


async def test_nothing_is_drawn_before_a_key_is_held(vault: VaultProcess, terminal: Terminal) -> None:
    with pytest.raises(Problem, match="out of turn"):
        await vault.draw(region(ALL), in_seconds(30))
    assert shown(terminal) == ["......"] * 8


async def test_a_warm_vault_that_is_not_used_ends_at_once(vault: VaultProcess, graph: GraphStub) -> None:
    assert await vault.clear("escape") == await vault.cleared()
    assert (await vault.cleared()).ended_by == "escape"
    assert not graph.requests
