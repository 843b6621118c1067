"""The configuration: what it may hold, and a reader that takes nothing it does not know.

Every mistake is a `Problem(CONFIG)` that names the file, the line, and what to write instead.
"""

from tui.config.reading import load, load_tenants, parse, parse_tenants
from tui.config.settings import (
    GRAPH_ENDPOINTS,
    TICKET_PROFILES,
    ActiveDirectory,
    Audit,
    Config,
    Escalation,
    Graph,
    RemoteShell,
    Reveal,
    SignIn,
    Tenant,
    Tickets,
    config_hash,
    is_loopback,
)
from tui.config.template import TEMPLATE, write_template
from tui.config.tenants import choose

__all__ = [
    "GRAPH_ENDPOINTS",
    "TEMPLATE",
    "TICKET_PROFILES",
    "ActiveDirectory",
    "Audit",
    "Config",
    "Escalation",
    "Graph",
    "RemoteShell",
    "Reveal",
    "SignIn",
    "Tenant",
    "Tickets",
    "choose",
    "config_hash",
    "is_loopback",
    "load",
    "load_tenants",
    "parse",
    "parse_tenants",
    "write_template",
]
