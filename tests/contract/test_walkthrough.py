"""What the README's walkthrough and scripts/aws-smoke.sh take into account of an account that is not this machine."""

import re

from tests.support.documents import commands
from tests.support.template import ROOT

SMOKE = (ROOT / "scripts" / "aws-smoke.sh").read_text()
README = "\n".join(commands(ROOT / "README.md", "Deploy to AWS"))


def test_a_new_account_is_noticed_and_asked_for_two_requests_at_a_time() -> None:
    # https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html: it may run ten functions, and throttles
    for text in (README, SMOKE):
        assert "aws lambda get-account-settings --query AccountLimit.ConcurrentExecutions" in text
        assert re.search(r"\b(IN_FLIGHT|in_flight)=2\b", text)
        assert "max_concurrency" in text
    assert "ProcessConcurrency=2" in SMOKE  # or the consumer takes what there is


def test_a_map_run_is_chosen_by_its_time() -> None:
    # https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListMapRuns.html promises no order.
    assert "sort_by(mapRuns, &startDate)[0]" in SMOKE
    assert "'mapRuns[0]" not in SMOKE


def test_what_lies_in_nested_stacks_is_looked_at_and_emptied_too() -> None:
    for script in ("aws-smoke.sh", "delete-stack.sh"):
        text = (ROOT / "scripts" / script).read_text()
        assert '"AWS::CloudFormation::Stack"' in text, script
