"""Run by the device's sshd of `ssh_pair`: takes a PowerShell command line and acts as the collector is told to."""

import base64
import io
import json
import os
import re
import sys
import time
import zipfile
from pathlib import Path

NAME = "bitlocker-facts-127-0-0-1-20260415T080211Z.zip"
TEN_GIGABYTES = 10 * 1024**3
FACTS = {
    "reseal_collector": 1,
    "collected": "2026-04-15T08:02:11Z",
    "computer": "127",
    "consent": "switch",
    "elevated": True,
    "os_build": "10.0.26100.8246",
    "fve_policies": {"values": {}, "uefi_profile": {"Enabled": 1, "0": 1, "2": 1, "4": 1, "11": 1}},
    "secure_boot": {"enabled": True},
}
MSINFO = (
    "OS Name\tMicrosoft Windows 11 Enterprise\r\nVersion\t10.0.26100 Build 26100\r\nSystem Name\t127\r\n"
    "System Model\tMade Up 14\r\nBIOS Mode\tUEFI\r\nSecure Boot State\tOn\r\n"
    "PCR7 Configuration\tBinding Not Possible\r\n"
)


def bundle() -> bytes:
    """What an honest collector sends; the same bytes whenever it is made."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in (("collector-facts.json", json.dumps(FACTS)), ("msinfo32.txt", MSINFO)):
            archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def main() -> int:
    home, notes = Path(sys.argv[1]), Path(sys.argv[2])
    command = os.environ.get("SSH_ORIGINAL_COMMAND", "")
    (notes / "command").write_text(command, encoding="utf-8")
    (notes / "agent").write_text(os.environ.get("SSH_AUTH_SOCK", ""), encoding="utf-8")
    encoded = re.search(r"-EncodedCommand (\S+)", command)
    if not command.startswith("powershell.exe ") or encoded is None:
        sys.stderr.write("is not recognized as an internal or external command\r\n")
        return 1
    call = base64.b64decode(encoded[1]).decode("utf-16-le")
    (notes / "call").write_text(call, encoding="utf-8")
    script, folder = _quoted(call, r"& "), _quoted(call, r"-Path ")
    (notes / "script").write_text(Path(script).read_text(encoding="utf-8"), encoding="utf-8")
    assert Path(folder).parent == home
    return _act((notes / "behaviour").read_text(encoding="utf-8"), Path(folder), notes)


def _quoted(call: str, before: str) -> str:
    found = re.search(rf"{before}'((?:[^']|'')*)'", call)
    assert found is not None
    return found[1].replace("''", "'")


def _act(how: str, folder: Path, notes: Path) -> int:
    target = folder / NAME
    if how == "not elevated":
        return 2
    if how == "fails":
        sys.stderr.write(
            '#< CLIXML\r\n<Objs Version="1.1.0.1"><S S="Error">the tool is missing_x000D__x000A_</S></Objs>'
        )
        return 1
    if how == "waits":
        (notes / "waiting").touch()
        time.sleep(300)
    elif how == "floods":
        while True:
            sys.stdout.write("x" * 65536)
    elif how == "ten gigabytes":
        with target.open("wb") as file:
            file.truncate(TEN_GIGABYTES)
    elif how == "endless":
        target.symlink_to("/dev/zero")
    elif how == "pipe":
        os.mkfifo(target)
    elif how == "hostile names":
        for name in ("..;reboot.zip", "\x1b]0;title\x07.zip", "a\nb.zip", "bitlocker-facts-$(id)-20260415T080211Z.zip"):
            (folder / name).write_bytes(b"PK")
        (folder / os.fsdecode(b"\xff\xfe.zip")).write_bytes(b"PK")
    elif how == "two zips":
        target.write_bytes(bundle())
        (folder / NAME.replace("127", "128", 1)).write_bytes(bundle())
    elif how == "a folder inside":
        target.write_bytes(bundle())
        (folder / "kept").mkdir()
    elif how == "many files":
        for number in range(200):
            (folder / f"{number}.txt").touch()
    else:
        target.write_bytes(bundle())
    sys.stdout.write(f"{target}\r\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
