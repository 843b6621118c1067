import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tui.errors import Problem, ProblemKind
from tui.paths import check_private, config_file, guard_directory, guard_file, read_private, state_directory

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def refusal(deed: Callable[[], object]) -> Problem:
    with pytest.raises(Problem) as caught:
        deed()
    assert caught.value.kind is ProblemKind.LOCAL
    assert caught.value.exit_code == 4
    assert caught.value.next_step
    return caught.value


def test_config_is_the_option_then_the_variable_then_the_platforms(tmp_path: Path) -> None:
    option, variable = tmp_path / "a.toml", tmp_path / "b.toml"
    environment = {"RESEAL_CONFIG": str(variable)}
    assert config_file(option, environment) == option
    assert config_file(None, environment) == variable
    assert config_file(None, {"RESEAL_CONFIG": ""}).parts[-2:] == ("reseal", "config.toml")


def test_state_is_the_variable_then_the_platforms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert state_directory({"RESEAL_STATE": str(tmp_path)}) == tmp_path
    assert state_directory({}).name == "reseal"
    monkeypatch.chdir(tmp_path)
    assert state_directory({"RESEAL_STATE": "here"}) == tmp_path / "here"


def test_naming_a_place_makes_nothing(tmp_path: Path) -> None:
    state_directory({"RESEAL_STATE": str(tmp_path / "new")})
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_what_is_made_is_private_under_any_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        guard_directory(tmp_path / "deep" / "state")
        guard_file(tmp_path / "deep" / "state" / "file")
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "deep" / "state") == 0o700
    assert mode_of(tmp_path / "deep" / "state" / "file") == 0o600


def test_what_is_private_already_is_left_alone(tmp_path: Path) -> None:
    guard_directory(tmp_path / "state")
    (tmp_path / "state" / "file").touch(mode=0o600)
    (tmp_path / "state" / "file").write_text("kept")
    guard_directory(tmp_path / "state")
    guard_file(tmp_path / "state" / "file")
    assert (tmp_path / "state" / "file").read_text() == "kept"


@pytest.mark.parametrize("mode", [0o710, 0o701, 0o750, 0o770, 0o755, 0o777])
def test_an_open_directory_is_refused_with_the_command_that_closes_it(tmp_path: Path, mode: int) -> None:
    state = tmp_path / "state"
    state.mkdir()
    state.chmod(mode)
    problem = refusal(lambda: guard_directory(state))
    assert f"{mode:04o}" in problem.why
    assert problem.next_step == f"Run: chmod 700 '{state}'"
    state.chmod(0o700)
    guard_directory(state)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o666])
def test_an_open_file_is_refused_with_the_command_that_closes_it(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "file"
    file.touch()
    file.chmod(mode)
    assert refusal(lambda: guard_file(file)).next_step == f"Run: chmod 600 '{file}'"
    assert refusal(lambda: read_private(file, 1)).next_step == f"Run: chmod 600 '{file}'"


def test_links_are_refused(tmp_path: Path) -> None:
    guard_directory(tmp_path / "real")
    guard_file(tmp_path / "real" / "file")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "link-file").symlink_to(tmp_path / "real" / "file")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    assert "symbolic link" in refusal(lambda: guard_directory(tmp_path / "link")).what
    assert "symbolic link" in refusal(lambda: guard_file(tmp_path / "link-file")).what
    assert "symbolic link" in refusal(lambda: guard_file(tmp_path / "dangling")).what
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(OSError, match="symbolic"):
        read_private(tmp_path / "link-file", 1)


def test_another_kind_of_thing_is_refused(tmp_path: Path) -> None:
    guard_directory(tmp_path / "directory")
    guard_file(tmp_path / "file")
    assert "not a directory" in refusal(lambda: guard_directory(tmp_path / "file")).what
    assert "not a regular file" in refusal(lambda: guard_file(tmp_path / "directory")).what
    assert refusal(lambda: guard_directory(tmp_path / "file" / "below")).what.endswith("cannot be used")
    assert refusal(lambda: check_private(tmp_path / "absent")).why == "No such file or directory"


@as_root
def test_what_belongs_to_another_user_is_refused(tmp_path: Path) -> None:
    guard_directory(tmp_path / "state")
    guard_file(tmp_path / "state" / "file")
    os.chown(tmp_path / "state" / "file", 65534, 65534)
    assert "another user" in refusal(lambda: guard_file(tmp_path / "state" / "file")).what
    os.chown(tmp_path / "state", 65534, 65534)
    problem = refusal(lambda: guard_directory(tmp_path / "state"))
    assert "another user" in problem.what
    assert "65534" in problem.why
