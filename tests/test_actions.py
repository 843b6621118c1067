"""The one registry of actions: no clash, a handler for each, and a README that agrees."""

from pathlib import Path

import pytest

from screens.audit import AuditScreen
from screens.closing import ClosingScreen
from screens.confirm import ConfirmScreen
from screens.group import GroupScreen
from screens.handover import HandoverScreen
from screens.intake import IntakeScreen
from screens.mass import MassScreen
from screens.problem import ProblemScreen
from screens.queue import QueueScreen
from screens.reveal import RevealScreen
from screens.sign_in import SignInScreen
from screens.tenants import TenantScreen
from screens.widgets.incident_table import IncidentTable
from screens.widgets.row_list import RowList
from tui.actions import ACTIONS, Danger, Scope, actions_of, key_table
from tui.app import ResealApp
from tui.commands import offered_actions

HANDLERS = {
    Scope.ANYWHERE: ResealApp,
    Scope.TABLE: IncidentTable,
    Scope.LIST: RowList,
    Scope.QUEUE: QueueScreen,
    Scope.DEVICE: ProblemScreen,
    Scope.FORM: IntakeScreen,
    Scope.CLOSING: ClosingScreen,
    Scope.CONFIRM: ConfirmScreen,
    Scope.REVEAL: RevealScreen,
    Scope.SIGN_IN: SignInScreen,
    Scope.TENANTS: TenantScreen,
    Scope.MASS: MassScreen,
    Scope.GROUP: GroupScreen,
    Scope.AUDIT: AuditScreen,
    Scope.HANDOVER: HandoverScreen,
}
TOGETHER = (
    (Scope.ANYWHERE, Scope.TABLE, Scope.QUEUE, Scope.DEVICE),
    (Scope.ANYWHERE, Scope.MASS, Scope.LIST),
    (Scope.ANYWHERE, Scope.GROUP, Scope.LIST),
    (Scope.ANYWHERE, Scope.RUNBOOK, Scope.LIST),
    (Scope.ANYWHERE, Scope.AUDIT),
    (Scope.ANYWHERE, Scope.HANDOVER),
    (Scope.REVEAL,),
    (Scope.FORM, Scope.CLOSING),
    (Scope.CONFIRM,),
)


@pytest.mark.parametrize("scopes", TOGETHER)
def test_no_key_means_two_things_in_one_place(scopes: tuple[Scope, ...]) -> None:
    keys = [key for action in actions_of(*scopes) for key in action.keys]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    "action", [action for action in ACTIONS if action.scope in HANDLERS], ids=lambda action: action.id
)
def test_every_action_has_its_handler(action: object) -> None:
    assert hasattr(HANDLERS[action.scope], "action_" + action.id.replace("-", "_"))  # type: ignore[attr-defined]


def test_ids_are_unique_and_said_in_words() -> None:
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)
    for action in ACTIONS:
        assert action.help.endswith(".")
        assert action.keys


def test_the_palette_discloses_nothing() -> None:
    assert all(action.danger is not Danger.DISCLOSE for action in offered_actions())


def test_disclosure_never_hangs_on_a_key_that_slips() -> None:
    for action in ACTIONS:
        if action.danger is Danger.DISCLOSE and action.scope is Scope.QUEUE:
            assert all(key.isupper() for key in action.keys), action.id


def test_the_readme_shows_these_keys() -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    assert key_table() in readme
