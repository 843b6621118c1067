"""What holds for all tests."""

import os

# Where it is set, each of the hundreds of consoles and children would compile every library anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
