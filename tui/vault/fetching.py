"""The one keyed read of a reveal, once, no retry: GET recoveryKeys/{id}?$select=key, or one object of AD DS."""

from dataclasses import dataclass

from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.request_information import RequestInformation

from tui.errors import Problem, ProblemKind
from tui.model.ids import parse_guid
from tui.sources.graph.transport import Answer, Ask, Transport
from tui.vault.messages import Prepare, Read, harmless
from tui.vault.on_prem import password_on_prem
from tui.vault.password import RecoveryPassword, password_in

_KEY = Ask("the recovery key", permission="BitlockerKey.Read.All", role="Helpdesk Administrator")


@dataclass(frozen=True, slots=True)
class Answered:
    """What Graph said beside the key; LDAP says nothing of the kind."""

    request_id: str = ""
    graph_date: str = ""
    http_status: int = 0


class KeyReader:
    """A warm way to Graph: the SDK and the certificate authorities are loaded by the constructor."""

    def __init__(self, order: Prepare) -> None:
        self._token = ""
        self._user_agent = order.user_agent
        self._directory = order.directory
        self._transport = Transport(order.endpoint, self._bearer, timeout=order.timeout)

    async def fetch(self, order: Read) -> tuple[RecoveryPassword, Answered]:
        """Ask for the key and check what comes; raises `Problem`."""
        key_id = parse_guid(order.key_id)
        if key_id is None:
            raise Problem(
                ProblemKind.POLICY,
                "The vault was asked for something that is no whole key ID",
                "A key is read by its full ID only",
                "Select the key again",
            )
        if order.object_guid:
            return await password_on_prem(self._directory, order.object_guid, key_id), Answered()
        self._token = order.token
        answer = await self._transport.send(self._request(key_id), order.client_request_id, ask=_KEY)
        request_id = _header(answer, "request-id")
        try:
            password = password_in(answer.body, key_id)
        except Problem as problem:
            problem.status, problem.request_id = answer.status, request_id
            raise
        return password, Answered(request_id, _header(answer, "date"), answer.status)

    async def close(self) -> None:
        """Close the connection."""
        await self._transport.close()

    def _request(self, key_id: str) -> RequestInformation:
        keys = self._transport.client.information_protection.bitlocker.recovery_keys
        item = keys.by_bitlocker_recovery_key_id(key_id)
        # The class hangs on the builder; importing it by its path warns.
        select_key = item.BitlockerRecoveryKeyItemRequestBuilderGetQueryParameters(select=["key"])
        info = item.to_get_request_information(RequestConfiguration(query_parameters=select_key))
        if self._user_agent:
            info.headers.add("User-Agent", self._user_agent)
        return info

    async def _bearer(self) -> str:
        return self._token


def _header(answer: Answer, name: str) -> str:
    return harmless(answer.headers.get(name, ""), 64)
