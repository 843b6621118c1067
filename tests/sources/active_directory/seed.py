"""Fills the test domain. Runs under the system's Python, which has Samba's own modules: `seed.py DIRECTORY < PLAN`.

The plan is JSON: users, units, computers and their recovery objects; without users it adds to an earlier one. Rights
are those that the project tells apart:
"list" sees recovery objects, "read" may also read their passwords; both on one unit only.
"""

import json
import sys
import uuid
from pathlib import Path
from typing import Any

import ldb  # type: ignore[import-not-found]
from samba.auth import system_session  # type: ignore[import-not-found]
from samba.dcerpc import security  # type: ignore[import-not-found]
from samba.ndr import ndr_pack, ndr_unpack  # type: ignore[import-not-found]
from samba.param import LoadParm  # type: ignore[import-not-found]
from samba.samdb import SamDB  # type: ignore[import-not-found]

CLASS = "ea715d30-8f53-40d0-bd1e-6109186d782c"
PASSWORD = "43061ac1-c8ad-4ccc-b785-2bfac20fc60a"
"""schemaIDGUIDs of msFVE-RecoveryInformation and msFVE-RecoveryPassword (MS-ADSC, MS-ADA2)."""


def grant(db: Any, unit: str, sids: dict[str, str]) -> None:
    found = db.search(unit, scope=ldb.SCOPE_BASE, attrs=["nTSecurityDescriptor"])
    descriptor = ndr_unpack(security.descriptor, found[0]["nTSecurityDescriptor"][0])
    entries = [f"(OA;CIIO;RPLCLORC;;{CLASS};{sid})" for sid in sids.values()]
    entries.append(f"(OA;CIIO;CR;{PASSWORD};{CLASS};{sids['read']})")
    for entry in security.descriptor.from_sddl(
        "D:" + "".join(entries), security.dom_sid(db.get_domain_sid())
    ).dacl.aces:
        descriptor.dacl_add(entry)
    message = ldb.Message()
    message.dn = ldb.Dn(db, unit)
    message["sd"] = ldb.MessageElement(ndr_pack(descriptor), ldb.FLAG_MOD_REPLACE, "nTSecurityDescriptor")
    db.modify(message)


def fill(db: Any, plan: dict[str, Any]) -> None:
    base = str(db.domain_dn())
    for unit in plan["units"]:
        db.add({"dn": f"OU={unit},{base}", "objectClass": "organizationalUnit"})
    for user, password in plan["users"].items():
        db.newuser(user, password)
    for computer in plan["computers"]:
        dn = f"CN={computer['name']},OU={computer['unit']},{base}"
        extra = computer.get("extra", {})
        if "object_guid" in computer:
            # As the server does it itself otherwise.
            extra["objectGUID"] = uuid.UUID(computer["object_guid"]).bytes_le
        named = {"dn": dn, "objectClass": "computer", "sAMAccountName": computer["name"] + "$", **extra}
        db.add(named, controls=["relax:0"] if "object_guid" in computer else None)
        for key in computer["keys"]:
            guid = uuid.UUID(key["id"])
            db.add(
                {
                    "dn": ldb.Dn(db, f"CN={key['created'].replace('+', chr(92) + '+')}{{{str(guid).upper()}}},{dn}"),
                    "objectClass": "msFVE-RecoveryInformation",
                    "msFVE-RecoveryGuid": uuid.UUID(key.get("kept_id", key["id"])).bytes_le,
                    "msFVE-VolumeGuid": uuid.UUID(key["volume"]).bytes_le,
                    "msFVE-RecoveryPassword": key["password"],
                }
            )


def main() -> None:
    plan = json.load(sys.stdin)
    root = Path(sys.argv[1])
    settings = LoadParm()
    settings.load(str(root / "etc/smb.conf"))
    db = SamDB(url=str(root / "private/sam.ldb"), session_info=system_session(), lp=settings)
    db.transaction_start()
    fill(db, plan)
    db.transaction_commit()
    base = str(db.domain_dn())
    if not plan["users"]:
        return
    sids = {}
    for user in ("list", "read"):
        found = db.search(base, expression=f"(sAMAccountName={user})", attrs=["objectSid"])
        sids[user] = str(ndr_unpack(security.dom_sid, found[0]["objectSid"][0]))
    grant(db, f"OU={plan['units'][0]},{base}", sids)


if __name__ == "__main__":
    main()
