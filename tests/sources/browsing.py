"""A browser for tests: fetches a URL and posts the form that it finds, loudly. Run as `$BROWSER URL`."""

import html
import re
import ssl
import sys
import urllib.parse
import urllib.request
from pathlib import Path


def install(directory: Path, ca_file: Path) -> Path:
    """A program that runs this file."""
    program = directory / "browser"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{__file__}" "{ca_file}" "$1"\n')
    program.chmod(0o755)
    return program


def visit(ca_file: str, url: str) -> None:
    print("a browser complains on stdout")
    print("and on stderr", file=sys.stderr)
    context = ssl.create_default_context(cafile=ca_file)
    with urllib.request.urlopen(url, context=context) as answer:
        page = answer.read().decode()
    found = re.search(r'action="([^"]+)"', page)
    assert found is not None
    fields = {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', page)}
    urllib.request.urlopen(found[1], urllib.parse.urlencode(fields).encode()).close()


if __name__ == "__main__":
    visit(sys.argv[1], sys.argv[2])
