"""The stack deploys in AWS's other partitions too: in China and GovCloud, ARNs and hosts begin and end otherwise."""

import re
from pathlib import Path

import pytest

from tests.support.template import ROOT

DEPLOYED = [path for place in ("*.yaml", "*api/*.yaml", "statemachine/*.json") for path in ROOT.glob(place)]


@pytest.mark.parametrize("path", DEPLOYED, ids=lambda path: path.name)
def test_no_arn_and_no_host_names_the_partition(path: Path) -> None:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    text = re.sub(r"#.*", "", path.read_text())

    assert not re.findall(r"\barn:aws[a-z-]*:", text)
    assert not re.findall(r"\$\{AWS::Region\}\.amazonaws\.com", text)
