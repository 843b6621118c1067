"""The LDAP child's life: answer one question after the other until its input ends."""

import os
import sys
from collections.abc import Iterator
from typing import BinaryIO

from tui.errors import Problem, ProblemKind
from tui.sources.active_directory.answering import answers
from tui.sources.active_directory.connection import Connection, connect, is_lost
from tui.sources.active_directory.messages import ORDERS, Question, Refused, Report, Use, line
from tui.sources.active_directory.queries import OCTET_ATTRIBUTES
from tui.sources.active_directory.server import DirectoryServer


class Service:
    """One server, connected to when the first question comes, and again when the connection was lost."""

    def __init__(self, server: DirectoryServer) -> None:
        self._server = server
        self._connection: Connection | None = None

    def answer(self, question: Question) -> Iterator[Report]:
        """The reports to a question. A kept connection that has died meanwhile is replaced, once."""
        kept, begun = self._connection is not None, False
        try:
            for report in self._ask(question):
                begun = True
                yield report
        except Problem as problem:
            if not (kept and is_lost(problem)) or begun:
                yield Refused.of(problem)
                return
            yield from self.answer(question)

    def _ask(self, question: Question) -> Iterator[Report]:
        if self._connection is None:
            self._connection = connect(self._server, OCTET_ATTRIBUTES)
        try:
            yield from answers(question, self._connection, self._server)
        except Problem as problem:
            if is_lost(problem):
                self._connection.close()
                self._connection = None
            raise


def serve(orders: BinaryIO, reports: BinaryIO) -> None:
    """Obey; returns at the end of the input."""
    service: Service | None = None
    for text in orders:
        order = ORDERS.decode(text)
        if isinstance(order, Use):
            service = Service(order.server)
            continue
        assert service is not None
        for report in _answering(service, order):
            reports.write(line(report))
            reports.flush()


def _answering(service: Service, question: Question) -> Iterator[Report]:
    try:
        yield from service.answer(question)
    except (ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError) as error:
        # Its text may quote what a server sent.
        why = f"The LDAP child failed: {type(error).__name__}"
        yield Refused(ProblemKind.UPSTREAM, "The answer of Active Directory could not be read", why, "Try again")


def main() -> None:
    """Serve over stdin and stdout; libraries that print do so into nothing."""
    reports = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    try:
        serve(sys.stdin.buffer, reports)
    except BrokenPipeError:
        os._exit(0)
