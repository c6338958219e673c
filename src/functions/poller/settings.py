"""Configuration from the environment: read when needed, and loud about the one that is missing."""

import os


class Settings:
    """The variables that template.yaml sets, each under the name of its property in capitals."""

    @property
    def tasks_table(self) -> str:
        return _need("TASKS_TABLE")

    @property
    def raw_payload_bucket(self) -> str:
        return _need("RAW_PAYLOAD_BUCKET")

    @property
    def dataset_bucket(self) -> str:
        return _need("DATASET_BUCKET")

    @property
    def process_payload_queue_url(self) -> str:
        return _need("PROCESS_PAYLOAD_QUEUE_URL")

    @property
    def max_receive_count(self) -> int:
        """How often ProcessPayloadQueue delivers a message before it goes to the dead-letter queue."""
        return int(_need("MAX_RECEIVE_COUNT"))

    @property
    def event_bus_name(self) -> str:
        return _need("EVENT_BUS_NAME")

    @property
    def retention_days(self) -> int:
        """How long rows of a job are kept."""
        return int(_need("RETENTION_DAYS"))

    @property
    def allow_loopback(self) -> bool:
        """Whether plain http and this machine's own addresses may be polled: on a laptop only."""
        return _need("ALLOW_LOOPBACK") == "true"

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        """The hosts that may be polled; none means any public one, which `*` stands for."""
        hosts = tuple(host.strip() for host in _need("ALLOWED_HOSTS").split(","))
        return () if hosts == ("*",) else hosts

    @property
    def secrets_prefix(self) -> str:
        """How the names of this stack's secrets begin in Secrets Manager."""
        return _need("SECRETS_PREFIX")

    @property
    def kms_key_arn(self) -> str:
        """The key that new secrets are encrypted with; "" stands for Secrets Manager's own."""
        return os.environ.get("KMS_KEY_ARN", "")

    @property
    def workflow_arn(self) -> str:
        """PollerWorkflow, of which each run of a source is an execution."""
        return _need("WORKFLOW_ARN")

    @property
    def schedule_group(self) -> str:
        """The group of EventBridge Scheduler that holds the schedules of sources."""
        return _need("SCHEDULE_GROUP")

    @property
    def schedule_target_arn(self) -> str:
        """The function that a schedule calls."""
        return _need("SCHEDULE_TARGET_ARN")

    @property
    def schedule_role_arn(self) -> str:
        """The role with which a schedule calls it."""
        return _need("SCHEDULE_ROLE_ARN")

    @property
    def schedule_dlq_arn(self) -> str:
        """Where calls go that could not be made."""
        return _need("SCHEDULE_DLQ_ARN")

    @property
    def user_agent(self) -> str:
        return _need("USER_AGENT")


def _need(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise RuntimeError(f"the environment variable {name} is not set; template.yaml sets it for this function")
    return value
