import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.jobs import keys
from poller.jobs.owner import Owner
from poller.jobs.plan import Ranges
from poller.specs.fields import is_name
from tests.support.builders import examples

UUID = "2f5ff9f6-5cdb-4c4b-8c0c-2f3a0d6f7a11"


@pytest.mark.parametrize("text", [UUID, "t00000000", "a", "A9", "0", "x" * 64])
def test_ids(text):
    one = str(text)

    answer = keys.is_id(one)

    assert answer is True


@pytest.mark.parametrize(
    "text",
    ["", "-a", "a b", "a/b", "../a", "a.b", "a#b", "a\n", "\na", "é", "٣", "x" * 65, "a\x00", None, 5, ["a"], b"a"],
)
def test_what_is_no_id(text):
    one = text

    answer = keys.is_id(one)

    assert answer is False


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("orders", True),
        ("Orders_2026.v1-a", True),
        ("0", True),
        ("n" * 64, True),
        ("n" * 65, False),
        ("", False),
        (".hidden", False),
        ("..", False),
        ("_a", False),
        ("-a", False),
        ("a/b", False),
        ("a b", False),
        ("a\n", False),
        ("é", False),
    ],
)
def test_names_of_jobs(text, answer):
    one = str(text)

    found = is_name(one)

    assert found is answer


def test_where_everything_lies():
    job_id, task_id = UUID, "t00000007"

    found = [
        keys.raw_key(job_id, task_id, "0123456789abcdef"),
        keys.proof_key(job_id, task_id, "0123456789abcdef" + 48 * "0"),
        keys.plan_key(job_id, 3),
        keys.dataset_prefix("orders", job_id),
        keys.dataset_key("orders", job_id, task_id),
        keys.manifest_key("orders", job_id),
        keys.partition(job_id, 5),
    ]

    assert found == [
        f"raw/{UUID}/t00000007.0123456789abcdef.jsonl.gz",
        f"proof/{UUID}/t00000007.0123456789abcdef",
        f"plans/{UUID}/plan-3.jsonl",
        f"orders/{UUID}/",
        f"orders/{UUID}/t00000007.jsonl.gz",
        f"orders/{UUID}/_manifest.json",
        f"{UUID}#5",
    ]


@pytest.mark.parametrize(("successor", "current"), [(None, "arn:1"), ("arn:2", "arn:2")])
def test_a_job_is_in_the_hands_of_its_newest_execution(successor, current):
    owner = Owner("arn:1", successor=successor)

    assert owner.current == current


@pytest.mark.parametrize(
    ("present", "executions", "following"),
    [("3c1e", 1, "job-1-2"), ("job-1-2", 2, "job-1-3"), ("job-1-9", 9, "job-1-10")],
)
def test_the_next_execution_has_a_name_of_its_own(present, executions, following):
    workflow = "arn:aws:states:eu-west-1:123456789012:execution:PollerWorkflow"

    arn = Owner(f"{workflow}:{present}", executions).next_execution("job-1")

    assert arn == f"{workflow}:{following}"


def test_an_execution_belongs_to_its_state_machine():
    execution = "arn:aws:states:eu-west-1:123456789012:execution:PollerWorkflow-abc:job-1-2"

    workflow = keys.state_machine(execution)

    assert workflow == "arn:aws:states:eu-west-1:123456789012:stateMachine:PollerWorkflow-abc"


@pytest.mark.parametrize(
    ("task_id", "shard"),
    # Check values of CRC-32/ISO-HDLC: cbf43926 and 414fa339, of which the last three bits count.
    [("123456789", 6), ("The quick brown fox jumps over the lazy dog", 1), ("", 0)],
)
def test_the_shard_of_a_task_never_changes(task_id, shard):
    one = str(task_id)

    found = keys.shard(one)

    assert found == shard


@examples
@given(st.text(max_size=80))
def test_what_is_an_id_stays_in_its_folder(text):
    prefix = f"raw/{UUID}/"

    key = keys.raw_key(UUID, text, "0123456789abcdef")

    assert not keys.is_id(text) or (key.startswith(prefix) and "/" not in key.removeprefix(prefix))
    assert not keys.is_id(text) or 0 <= keys.shard(text) < keys.SHARDS


def test_the_tasks_of_a_plan_are_spread_over_all_shards():
    geometry = Ranges(pages=10_000, pages_per_task=1, page_size=1)

    sizes = [0] * keys.SHARDS
    for index in range(len(geometry)):
        task_id = geometry.task_at(index).task_id
        sizes[keys.shard(task_id)] += 1
        assert keys.is_id(task_id)

    assert min(sizes) > 1000
    assert max(sizes) < 1500
