"""The config file that `reseal init` writes."""

import os
from pathlib import Path

from tui import paths
from tui.errors import Problem, ProblemKind

TEMPLATE = """\
# Reseal. Fill in the empty values; everything that is commented out shows its default or an example.
# Several tenants: write one block for each, with its own sign-in, Graph and tickets below it; see the README.
# An unknown key is an error. No secret belongs in this file: name an environment variable or a command instead.

[tenant]
name = ""                          # as it shall stand in the header
cloud = "global"                   # global | usgov | usgov-dod | china
tenant_id = ""                     # directory (tenant) ID
client_id = ""                     # application (client) ID of your app registration
# colour = "blue"                  # of its name in the header: blue | green | yellow | orange | red | purple

[sign_in]
method = "device-code"             # device-code | browser | azure-cli | certificate | token-env

# [graph]
# endpoint = "https://graph.microsoft.com"    # the cloud's own when left out; plain http only for loopback

[[tickets]]                        # one or more
profile = "servicenow"             # servicenow | jira | rt | zendesk | freshservice | file | path of your own
url = ""                           # https://...; profile "file" takes path = "FOLDER-OR-FILE" instead
token_env = "SERVICENOW_TOKEN"     # or user + password_env, or token_command = ["program", "argument"]
poll_seconds = 10

# [active_directory]               # keys that were backed up to AD DS; needs the extra: uv sync --extra ad
# url = "ldaps://dc1.corp.example" # ldap:// always means StartTLS; the name must stand in the certificate
# base = "DC=corp,DC=example"      # searched under; computers outside are not seen
# ca_file = ""                     # PEM file of authorities, instead of this machine's
# sasl = "simple"                  # simple: user and one of the two below | gssapi: the Kerberos ticket of kinit
# user = "reseal@corp.example"
# password_env = "AD_PASSWORD"     # or password_command = ["program", "argument"], which gets HOME and PATH only

# [remote_shell]                   # diagnostics over SSH, through a jump host
# jump = "jump.example"

[reveal]
clear_after_seconds = 60           # 1 to 600
session = "auto"                   # auto | local | recorded (recorded: drawing needs an accepted, audited exception)
require_ticket = true
max_per_hour = 30                  # reads of one engineer
clipboard = "off"                  # off | local | osc52

# [policy]
# max_per_minute = 6               # keys that one engineer may ask for
# max_per_ten_minutes = 20
# max_per_day = 100
# second_person = ["vip", "owner-changed", "repeat-recovery", "off-hours", "clone-alarm"]    # also: prefix-only
# office_hours = "mon-fri 07:00-19:00"        # local time; or "always": then nothing is off-hours

# [approval]                       # second persons: lines that `reseal approver enrol` prints on their own consoles
# approvers = ["second@corp.example ed25519:..."]
# contact = "duty lead, +00 000 000"          # how to reach them; shown with each request

# [audit]
# forward = ["syslog+tls://siem.example:6514"]

# [escalation]
# contact = "Identity on call, +00 000 000"
"""


def write_template(path: Path) -> None:
    """Write the template (0600) where no file is yet; raises `Problem(CONFIG)` and never overwrites."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = paths.create_private(path)
    except OSError as error:
        if path.is_symlink() or path.exists():
            step = "Edit it, or move it away and run `reseal init` again"
            raise Problem(ProblemKind.CONFIG, f"{path} is there already", "It was left as it is", step) from None
        step = "Name a file that you can write with --config"
        raise Problem(ProblemKind.CONFIG, f"{path} cannot be written", error.strerror or "", step) from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(TEMPLATE)
