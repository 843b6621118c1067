"""admin/windows/updates: what release health tells of an update, in beta alone and only to those who deploy updates."""

import re

from tui.demo.graph.answers import Answer, Call, Json, bad_request, no_privilege
from tui.demo.graph.pages import collection
from tui.demo.identities import DEPLOYER, WINDOWS_UPDATES

_BRANCHES = {
    5083769: (("Windows 11, version 24H2", "10.0.26100.8246"), ("Windows 11, version 25H2", "10.0.26200.8246")),
    5089549: (("Windows 11, version 24H2", "10.0.26100.8457"), ("Windows 11, version 25H2", "10.0.26200.8457")),
    5082052: (("Windows 11, version 23H2", "10.0.22631.6936"),),
}
_RELEASED = {5083769: "2026-04-14", 5089549: "2026-05-12", 5082052: "2026-04-14"}


def find_by_number(call: Call, found: re.Match[str]) -> Answer:
    """products/FindByKbNumber: a product for each branch, with revisions and known issues where they are expanded."""
    if call.version != "beta":
        raise bad_request("Resource not found for the segment 'admin'.")
    if not call.caller.has_scope(WINDOWS_UPDATES) or not any(grant.role is DEPLOYER for grant in call.caller.held):
        raise no_privilege()
    number = int(found["number"])
    expand = call.query.get("$expand", call.query.get("expand", ""))
    products = [_product(number, *branch, expand) for branch in _BRANCHES.get(number, ())]
    return collection(call, "Collection(microsoft.graph.windowsUpdates.product)", products, lambda item: item)


def _product(number: int, branch: str, build: str, expand: str) -> Json:
    product: Json = {
        "id": str(sum(map(ord, branch))),
        "name": branch,
        "groupName": "Windows 11",
        "friendlyNames": [f"Version {branch[-4:]}"],
    }
    article = {"Url": f"https://support.microsoft.com/help/{number}", "Id": f"KB{number}"}
    if "revisions" in expand:
        released = f"{_RELEASED[number]}T00:00:00Z"
        revision: Json = {"id": build, "displayName": f"{branch}, build {build[5:]}", "releaseDateTime": released}
        product["revisions"] = [revision | {"knowledgeBaseArticle": article, "isHotpatchUpdate": False}]
    if "knownIssues" in expand:
        product["knownIssues"] = [_prompt(article), _printing(article)] if number == 5083769 else []
    return product


def _prompt(article: Json) -> Json:
    return _issue(
        "WI9000001",
        "Demo: some devices ask for the BitLocker recovery key after the update of April 2026",
        "Devices whose policy forces PCR 7 while it cannot be bound may ask for the recovery key once.",
        article,
        {"Url": "https://support.microsoft.com/help/5089549", "Id": "KB5089549"},
    )


def _printing(article: Json) -> Json:
    return _issue("WI9000002", "Demo: printing in colour", "Some printers print in grey.", article, None)


def _issue(name: str, title: str, description: str, began: Json, ended: Json | None) -> Json:
    return {
        "id": name,
        "title": title,
        "description": description,
        "status": "resolved" if ended else "investigating",
        "startDateTime": "2026-04-14T10:00:00-07:00",
        "resolvedDateTime": "2026-05-12T10:00:00-07:00" if ended else None,
        "lastUpdatedDateTime": "2026-05-13T09:41:58.577-07:00",
        "webViewUrl": f"https://admin.microsoft.com/Adminportal/Home#/windowsreleasehealth/knownissues/:/issue/{name}",
        "originatingKnowledgeBaseArticle": began,
        "resolvingKnowledgeBaseArticle": ended,
        "safeguardHoldIds": [],
        "knownIssueHistories": [],
    }


ROUTES = (("GET", r"/admin/windows/updates/products/FindByKbNumber\(kbNumber=(?P<number>\d{1,9})\)", find_by_number),)
