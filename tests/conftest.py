"""What holds for all tests."""

import os

from hypothesis import HealthCheck, settings

# Where it is set, each of the hundreds of consoles and children would compile every library anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A machine that does something else beside is no slow strategy.
settings.register_profile("reseal", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("reseal")
