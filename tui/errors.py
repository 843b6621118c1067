"""One error type for everything that can go wrong outside the code: what, why, and what next."""

from enum import StrEnum


class ProblemKind(StrEnum):
    """Kinds that the console and the exit codes tell apart."""

    CONFIG = "config"
    LOCAL = "local"
    POLICY = "policy"
    SIGNED_OUT = "signed-out"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    THROTTLED = "throttled"
    UNREACHABLE = "unreachable"
    UPSTREAM = "upstream"
    ALARM = "alarm"
    """An answer that must not be trusted, such as a key with another ID than the one asked for."""


EXIT_CODES = {
    ProblemKind.CONFIG: 2,
    ProblemKind.LOCAL: 4,
    ProblemKind.POLICY: 4,
}
"""Exit code by kind; every other kind is an upstream that refused or could not be reached: 3."""


class Problem(Exception):
    """A failure told in words. `what` happened, `why` as far as known, `next_step` for the engineer.

    `status`, `code`, `request_id` and `retry_after` (seconds) are the upstream's own, where it gave them.
    """

    def __init__(
        self,
        kind: ProblemKind,
        what: str,
        why: str = "",
        next_step: str = "",
        *,
        status: int = 0,
        code: str = "",
        request_id: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(what)
        self.kind = kind
        self.what = what
        self.why = why
        self.next_step = next_step
        self.status = status
        self.code = code
        self.request_id = request_id
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[object, ...]:
        # Whichever subclass it is: another process knows only this one.
        return Problem, (self.kind, self.what), self.__dict__

    @property
    def exit_code(self) -> int:
        """The exit code of the outside contract."""
        return EXIT_CODES.get(self.kind, 3)

    def __str__(self) -> str:
        return " ".join(
            part if part.endswith((".", "?")) else f"{part}." for part in (self.what, self.why, self.next_step) if part
        )


def place_of(error: BaseException | None) -> str:
    """File and line of a failure, as ` in wiring.py, line 74`: where it was, and no value that was there."""
    trace = error.__traceback__ if error is not None else None
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f" in {trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}, line {trace.tb_lineno}"
