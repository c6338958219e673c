"""The laptop's AWS: MiniStack in one process, plus what it lacks.

``python -m laptop_aws --port N --data-dir DIR`` runs it. Importing this package imports no MiniStack.
"""

HOST = "127.0.0.1"
REGION = "us-east-1"
# The root user. It holds no secret and is reachable from this machine only.
KEY = SECRET = "test"  # noqa: S105  # nosec B105  # see above
