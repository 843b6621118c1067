from typing import Any

import pytest

from tests.demo.tenant import KEYS, Running

_ROLES = "/v1.0/roleManagement/directory"
_REQUESTS = f"{_ROLES}/roleAssignmentScheduleRequests"
_MINE = "filterByCurrentUser(on='principal')"


def request_for(tenant: Running, **changes: Any) -> dict[str, Any]:
    """What the console would post for the role that `no-role` may activate."""
    (eligible,) = tenant.everything(f"{_ROLES}/roleEligibilityScheduleInstances/{_MINE}", "no-role")
    return {
        "action": "selfActivate",
        "principalId": eligible["principalId"],
        "roleDefinitionId": eligible["roleDefinitionId"],
        "directoryScopeId": eligible["directoryScopeId"],
        "justification": "caller waits",
        "scheduleInfo": {"startDateTime": None, "expiration": {"type": "AfterDuration", "duration": "PT1H"}},
        "ticketInfo": {"ticketNumber": "INC0010001", "ticketSystem": "ServiceNow"},
    } | changes


def test_an_activated_role_reads_keys_until_its_time_is_over(fresh: Running) -> None:
    path = f"{KEYS}/{fresh.case('plain')['keys'][0]}"
    assert fresh.ask(path, "no-role", select="key").status_code == 403
    answer = fresh.ask(_REQUESTS, "no-role", method="POST", body=request_for(fresh))
    assert (answer.status_code, answer.json()["status"]) == (201, "Provisioned")
    assert fresh.ask(path, "no-role", select="key").status_code == 200
    (active,) = fresh.everything(f"{_ROLES}/roleAssignmentScheduleInstances/{_MINE}", "no-role")
    assert active["assignmentType"] == "Activated"
    assert active["endDateTime"] > active["startDateTime"]
    (request,) = fresh.everything(f"{_REQUESTS}/{_MINE}", "no-role")
    assert request["ticketInfo"]["ticketNumber"] == "INC0010001"
    again = fresh.ask(_REQUESTS, "no-role", method="POST", body=request_for(fresh))
    assert again.json()["error"]["code"] == "RoleAssignmentExists"
    fresh.hand("advance", "POST", {"seconds": 3601})
    assert fresh.ask(path, "no-role", select="key").status_code == 403
    assert fresh.everything(f"{_ROLES}/roleAssignmentScheduleInstances/{_MINE}", "no-role") == []


@pytest.mark.parametrize(
    ("changes", "code", "says"),
    [
        ({"justification": " "}, "RoleAssignmentRequestPolicyValidationFailed", "JustificationRule"),
        ({"ticketInfo": {}}, "RoleAssignmentRequestPolicyValidationFailed", "TicketingRule"),
        (
            {"scheduleInfo": {"expiration": {"duration": "PT9H"}}},
            "RoleAssignmentRequestPolicyValidationFailed",
            "ExpirationRule",
        ),
        ({"directoryScopeId": "/administrativeUnits/x"}, "RoleAssignmentDoesNotExist", "does not exist"),
        ({"principalId": "somebody"}, "SubjectNotFound", "subject"),
        ({"scheduleInfo": None}, "BadRequest", "scheduleInfo"),
    ],
)
def test_the_policy_refuses(tenant: Running, changes: dict[str, Any], code: str, says: str) -> None:
    answer = tenant.ask(_REQUESTS, "no-role", method="POST", body=request_for(tenant, **changes))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert says in answer.json()["error"]["message"]


def test_a_validation_changes_nothing(tenant: Running) -> None:
    answer = tenant.ask(_REQUESTS, "no-role", method="POST", body=request_for(tenant, isValidationOnly=True))
    assert (answer.status_code, answer.json()["status"]) == (201, "Granted")
    assert tenant.everything(f"{_ROLES}/roleAssignmentScheduleInstances/{_MINE}", "no-role") == []


def test_intune_tells_what_its_role_allows(tenant: Running) -> None:
    path = "/v1.0/deviceManagement/getEffectivePermissions(scope='')"
    (engineer,) = tenant.everything(path)
    assert (
        "Microsoft.Intune_RemoteTasks_RotateBitLockerKeys" in engineer["resourceActions"][0]["allowedResourceActions"]
    )
    assert tenant.everything(path, "auditor") == []
