"""Scripts to copy: they parse as PowerShell whatever a device is called, and no name becomes code."""

import pytest
import tree_sitter_powershell
from hypothesis import given, settings
from hypothesis import strategies as st
from tree_sitter import Language, Node, Parser

from tui.services import scripts
from tui.services.scripts import Script, quoted

PARSER = Parser(Language(tree_sitter_powershell.language()))
HOSTILE = "a'; Remove-Item C:\\ -Recurse; '"
NAMES = st.text(max_size=60) | st.sampled_from(
    [
        HOSTILE,
        "$(calc)",
        "`$x",
        "x\u2019; calc; \u2018",
        "x\u201a\u201b'",
        "'@\ncalc\n'@",
        '"; calc; "',
        "\x1b]52;c;x\x07",
    ]
)


def tree(text: str) -> Node:
    return PARSER.parse(text.encode()).root_node


def commands(node: Node) -> list[str]:
    found = [node.text.decode()] if node.type == "command_name" and node.text else []
    return found + [name for child in node.children for name in commands(child)]


def all_scripts(device: str, key_id: str = "") -> list[Script]:
    return [
        scripts.suspend(device),
        scripts.suspend(device, 3),
        scripts.resume(device),
        scripts.back_up(device, key_id),
        scripts.test_path(device),
    ]


@pytest.mark.parametrize("script", all_scripts("DEMO-LT-0001", "0e0e0e0e-0000-4000-8000-000000000001"))
def test_every_script_is_powershell_and_says_what_it_costs(script: Script) -> None:
    assert not tree(script.text).has_error
    assert script.warning
    assert "DEMO-LT-0001" in script.text


@settings(max_examples=200)
@given(NAMES)
def test_no_name_becomes_code(device: str) -> None:
    for hostile, plain in zip(all_scripts(device or "x"), all_scripts("PLAIN"), strict=True):
        root = tree(hostile.text)
        assert not root.has_error
        assert commands(root) == commands(tree(plain.text))


@settings(max_examples=300)
@given(NAMES)
def test_a_quoted_value_is_one_string_and_nothing_more(value: str) -> None:
    text = quoted(value)
    inner = text[1:-1]
    for quote in "'\u2018\u2019\u201a\u201b":
        inner = inner.replace(quote * 2, "")
        assert quote not in inner
    assert "\n" not in text


def test_s5_suspending_counts_its_reboots_and_more_than_one_needs_security() -> None:
    once, thrice = scripts.suspend("LT-1"), scripts.suspend("LT-1", 3)
    assert "-RebootCount 1" in once.text
    assert "-RebootCount 3" in thrice.text
    assert "security" in thrice.warning and "security" not in once.warning
    assert "-RebootCount 1\n" in scripts.suspend("LT-1", 0).text + "\n", "never until somebody resumes"
    assert "-RebootCount 15" in scripts.suspend("LT-1", 99).text


def test_s3_the_backup_names_the_one_protector_and_prints_no_password() -> None:
    text = scripts.back_up("LT-1", "0e0e0e0e-0000-4000-8000-000000000001").text
    assert "'{0E0E0E0E-0000-4000-8000-000000000001}'" in text
    assert "RecoveryPassword'" in text and ".RecoveryPassword" not in text


def test_z6_decrypting_is_never_offered() -> None:
    every = "\n".join(script.text + script.warning for script in all_scripts("LT-1")).lower()
    assert "disable-bitlocker" not in every and "-off" not in every


@pytest.mark.parametrize("drive", ["C", "C:\\", "'; calc", "", "CC:"])
def test_only_a_drive_letter_is_a_drive(drive: str) -> None:
    assert "-MountPoint 'C:'" in scripts.resume("LT-1", drive).text
    assert "-MountPoint 'D:'" in scripts.resume("LT-1", "d:").text
