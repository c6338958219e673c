"""docs/deploying.md says what a stack costs while no job runs; the figures follow from the template."""

import re

from benchmarks.cost_model import PRICES

from tests.support.template import ROOT, functions, resources

COSTS = (ROOT / "docs" / "deploying.md").read_text().split("## Costs")[1]
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html: five calls at a time, long polling; 30 days
POLLS_A_MONTH = 5 * 30 * 86_400 // 20


def test_the_polling_of_the_queues_is_counted_and_priced() -> None:
    sources = [e for f in functions().values() for e in f.get("Events", {}).values() if e["Type"] == "SQS"]
    said = re.search(
        r"about ([\d,]+) a month for each of the (\d+) queues, ([\d.]+) million in all, \$([\d.]+) a month",
        " ".join(COSTS.split()),
    )

    assert said
    each, queues, millions, dollars = (float(figure.replace(",", "")) for figure in said.groups())
    assert (each, queues) == (POLLS_A_MONTH, len(sources))
    assert millions == round(each * queues / 1e6, 1)
    assert dollars == round(each * queues * PRICES["sqs requests"], 2)


def test_the_alarms_are_counted() -> None:
    assert f"alarms ({len(resources('AWS::CloudWatch::Alarm'))}, $0.10 a month each)" in " ".join(COSTS.split())
