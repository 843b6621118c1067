"""Coverage-guided fuzzing of what reads bytes from strangers: event logs, measured-boot logs, text, tickets.

It needs atheris, on which the project does not depend: `uv pip install atheris`. Then

    python -m tests.diagnosis.fuzz TARGET [SECONDS] [LIBFUZZER OPTION...]

runs one target of `targets.TARGETS` for ten minutes or as long as told, and ends with a stack trace and the input at
the first crash, at an input that takes more than ten seconds, or at more than a gigabyte of memory. Inputs that reach
something new are kept in a folder that `-m long` and later runs do not need; name one as an option to keep them.
"""
