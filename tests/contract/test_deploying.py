"""docs/deploying.md and docs/unverified-on-aws.md say of a deployment what AWS's documentation says."""

from tests.support.template import ROOT

DEPLOYING = (ROOT / "docs" / "deploying.md").read_text()
UNVERIFIED = (ROOT / "docs" / "unverified-on-aws.md").read_text()


def test_a_workflow_is_said_to_go_when_its_executions_have_ended() -> None:
    # https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html
    (row,) = [line for line in DEPLOYING.splitlines() if line.startswith("| workflow |")]

    assert "DELETING until its last execution has ended" in row
    assert "end at their next transition" in row


def test_the_way_back_from_the_uv_builder_is_pips_builder() -> None:
    # sam's container images hold no uv, so that "--use-container" fails with this builder.
    (row,) = [line for line in UNVERIFIED.splitlines() if line.startswith("| the `python-uv` builder")]

    assert "delete the lines with `BuildMethod: python-uv`" in row
    assert "`sam build --use-container` does not work" in row


def test_a_private_address_of_api_gateway_is_explained_where_networks_are() -> None:
    network = DEPLOYING.split("## A fixed address")[1].split("\n## ")[0]

    assert "AddressRefused" in network
    assert "execute-api" in network
