"""docs/deploying.md lists every parameter of the template with its default, and no others."""

import re

from tests.support.template import ROOT, template

TABLE = (ROOT / "docs" / "deploying.md").read_text().split("## Parameters")[1].split("\n## ")[0]
ROW = re.compile(r"^\| `(?P<name>\w+)` \| (?:`(?P<default>[^`]+)` )?\| (?P<purpose>[^|]+) \|$", flags=re.M)


def test_every_parameter_is_in_the_table_with_its_default() -> None:
    documented = [(row["name"], row["default"] or "") for row in ROW.finditer(TABLE)]

    assert documented == [(name, str(it["Default"])) for name, it in template()["Parameters"].items()]


def test_no_parameter_can_surprise_sam_deploy_guided() -> None:
    # It asks for each and takes Enter for the default: one without a default would have no answer.
    for name, parameter in template()["Parameters"].items():
        assert "Default" in parameter, name
        assert parameter["Description"].endswith("."), name
