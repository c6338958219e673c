"""Where `poller` and `python -m poller_local` begin: Ctrl-C while the rest is still being imported is no traceback."""

import sys
from typing import NoReturn


def main() -> NoReturn:
    try:
        from poller_local.cli import execute  # noqa: PLC0415  # takes a third of a second

        status = execute(sys.argv[1:])
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)


if __name__ == "__main__":
    main()
