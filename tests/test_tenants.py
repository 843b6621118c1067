"""Tenants of one config: opened when they are first asked for, and apart from each other."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demo.tenant import Running, running
from tests.terminal.tenants import IDS, NAMES, config_of
from tui.config import parse_tenants
from tui.errors import Problem
from tui.model.audit import AuditEvent
from tui.ports import SignInPrompt
from tui.tenants import COLOURS, open_tenants


@pytest.fixture(scope="module")
def demos() -> Iterator[dict[str, Running]]:
    with running("--size", "5") as one, running("--size", "5") as two:
        yield dict(zip(NAMES, (one, two), strict=True))


async def nobody(_: str, __: SignInPrompt) -> None:
    raise AssertionError("nobody is asked to sign in")


async def test_a_tenant_is_opened_once_when_it_is_first_asked_for(demos: dict[str, Running], tmp_path: Path) -> None:
    state = tmp_path / "state"
    configs = parse_tenants(config_of(demos), tmp_path / "config.toml")
    async with open_tenants(configs, state, on_prompt=nobody) as tenants:
        assert (tenants.names, tenants.opened) == (NAMES, ())
        contoso = await tenants.open("Contoso")
        assert [each.name for each in (state / "tenants").iterdir()] == [IDS["Contoso"]]
        fabrikam = await tenants.open("Fabrikam")
        assert await tenants.open("Contoso") is contoso
        assert tenants.opened == (contoso, fabrikam)
        assert contoso.desk.colour != fabrikam.desk.colour
        await contoso.desk.memory.remember("views", "contoso's")
        assert await fabrikam.desk.memory.recall("views") == ""
        assert contoso.cloud.graph is not fabrikam.cloud.graph
        assert contoso.desk.wire is not fabrikam.desk.wire
        assert contoso.desk.reports != fabrikam.desk.reports
        await contoso.sign_in()
        assert contoso.desk.wire.total > 0
        assert (fabrikam.desk.wire.total, fabrikam.desk.engineer.user.upn) == (0, "")
        rows = [await each.desk.audit.rows_of({AuditEvent.START}) for each in (contoso, fabrikam)]
        assert [[row.tenant for row in found] for found in rows] == [[IDS["Contoso"]], [IDS["Fabrikam"]]]


async def test_a_tenant_that_cannot_be_opened_leaves_the_others_as_they_are(
    demos: dict[str, Running], tmp_path: Path
) -> None:
    state = tmp_path / "state"
    configs = parse_tenants(config_of(demos), tmp_path / "config.toml")
    async with open_tenants(configs, state, on_prompt=nobody) as tenants:
        contoso = await tenants.open("Contoso")
        (state / "tenants" / IDS["Fabrikam"]).symlink_to(tmp_path)
        with pytest.raises(Problem, match="symbolic link"):
            await tenants.open("Fabrikam")
        assert tenants.opened == (contoso,)
        assert len(await contoso.desk.newest_rows(10)) == 1
        (state / "tenants" / IDS["Fabrikam"]).unlink()
        assert (await tenants.open("Fabrikam")).desk.tenant == "Fabrikam"


@pytest.mark.parametrize("chosen", ["", 'colour = "blue"', 'colour = "orange"'])
async def test_colours_tell_the_tenants_apart(demos: dict[str, Running], tmp_path: Path, chosen: str) -> None:
    text = config_of(demos).replace("[tenant.sign_in]", f"{chosen}\n[tenant.sign_in]", 1)
    configs = parse_tenants(text, tmp_path / "config.toml")
    async with open_tenants(configs, tmp_path / "state", on_prompt=nobody) as tenants:
        colours = [(await tenants.open(name)).desk.colour for name in NAMES]
    assert len(set(colours)) == 2
    assert set(colours) <= set(COLOURS)
    assert not chosen or colours[0] in chosen
