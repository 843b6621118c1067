"""The stand of the vault's tests: a stub of Graph, a terminal with a known screen, and a warden that draws on it."""

from tests.vault.conftest import graph, server, terminal, vault, warden

__all__ = ["graph", "server", "terminal", "vault", "warden"]
