"""A token that a test or a rehearsal gives: from the environment or a file, for this machine only."""

from pathlib import Path

import pytest

from tui.errors import Problem, ProblemKind
from tui.sources import sign_in as sign_in_module
from tui.sources.sign_in import GivenToken, is_loopback

LOOPBACK = "http://127.0.0.1:9"


async def test_a_given_token_comes_from_the_variable_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("from-file\n")
    environ = {sign_in_module.TOKEN_VARIABLE: " from-variable "}
    given = GivenToken(LOOPBACK, str(file), environ)
    assert await given.token() == "from-variable"
    environ.clear()
    assert await given.token() == "from-file"
    file.write_text("renewed")
    assert await given.token() == "renewed"


@pytest.mark.parametrize(
    "endpoint",
    ["https://graph.microsoft.com", "http://127.0.0.1.example", "http://localhost.example", "http://10.0.0.1", "x", ""],
)
async def test_a_given_token_is_for_this_machine_only(endpoint: str) -> None:
    with pytest.raises(Problem) as caught:
        await GivenToken(endpoint, "", {sign_in_module.TOKEN_VARIABLE: "t"}).token()
    assert caught.value.kind is ProblemKind.CONFIG
    assert not is_loopback(endpoint)


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:80", "http://localhost", "https://[::1]:1/x", "http://127.9.9.9"]
)
def test_this_machine(endpoint: str) -> None:
    assert is_loopback(endpoint)


@pytest.mark.parametrize("content", ["", "two words", "a\nb", "t\x1bk"])
async def test_a_token_file_without_a_token_says_so_without_its_content(tmp_path: Path, content: str) -> None:
    file = tmp_path / "token"
    file.write_text(content)
    with pytest.raises(Problem) as caught:
        await GivenToken(LOOPBACK, str(file), {}).token()
    assert caught.value.kind is ProblemKind.SIGNED_OUT
    assert not content or content not in str(caught.value)


async def test_a_token_file_that_is_not_there_is_a_config_problem(tmp_path: Path) -> None:
    with pytest.raises(Problem) as caught:
        await GivenToken(LOOPBACK, str(tmp_path / "none"), {}).token()
    assert caught.value.kind is ProblemKind.CONFIG
