"""The workflow as data."""

import json
from typing import Any

from tests.support.template import ROOT

ASL = json.loads((ROOT / "statemachine" / "poller-workflow.asl.json").read_text())


def states(machine: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """All states of a workflow, those inside Maps too."""
    found = dict(machine["States"])
    for state in machine["States"].values():
        if "ItemProcessor" in state:
            found |= states(state["ItemProcessor"])
    return found
