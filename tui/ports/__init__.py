"""What services need from the outside, as protocols. Adapters in `sources`, `store` and `vault` give it.

Every method that reaches outside raises `Problem` and nothing else, and can be cancelled.
"""

from tui.ports.cloud import (
    AccessToken,
    DeviceManagement,
    Directory,
    DirectoryLog,
    KeyEscrow,
    KeyPage,
    MassSource,
    Policies,
    SelfService,
    SignInPrompt,
)
from tui.ports.local import AuditTrail, IncidentCache, KeyIndex, Memory
from tui.ports.on_prem import OnPremDirectory
from tui.ports.tickets import TicketBatch, TicketSource
from tui.ports.vault import (
    LANGUAGES,
    SHOWN_SECONDS,
    Cell,
    Cleared,
    DictationRegion,
    DrawRegion,
    KeyboardLoan,
    KeyPressed,
    KeyRead,
    KeyReadRequest,
    KeyVault,
    Masked,
    OpenVault,
    ReadBack,
    SealRegion,
    VaultEvent,
)

__all__ = [
    "LANGUAGES",
    "SHOWN_SECONDS",
    "AccessToken",
    "AuditTrail",
    "Cell",
    "Cleared",
    "DeviceManagement",
    "DictationRegion",
    "Directory",
    "DirectoryLog",
    "DrawRegion",
    "IncidentCache",
    "KeyEscrow",
    "KeyIndex",
    "KeyPage",
    "KeyPressed",
    "KeyRead",
    "KeyReadRequest",
    "KeyVault",
    "KeyboardLoan",
    "Masked",
    "MassSource",
    "Memory",
    "OnPremDirectory",
    "OpenVault",
    "Policies",
    "ReadBack",
    "SealRegion",
    "SelfService",
    "SignInPrompt",
    "TicketBatch",
    "TicketSource",
    "VaultEvent",
]
