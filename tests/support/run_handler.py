"""Runs one handler of a built artefact on an event: `python -I -S run_handler.py ARTEFACT HANDLER < event`.

With -I and -S the interpreter sees its own standard library and nothing else, as Lambda's would.
"""

import importlib
import json
import sys


class Context:
    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "test"

    def get_remaining_time_in_millis(self) -> int:
        return 120_000


def main() -> None:
    artefact, handler = sys.argv[1:]
    sys.path.insert(0, artefact)
    module, _, name = handler.rpartition(".")
    function = getattr(importlib.import_module(module), name)
    answer = function(json.load(sys.stdin), Context())
    outside = [path for path in sys.path if "site-packages" in path]
    sys.stdout.write("\n" + json.dumps({"answer": answer, "outside": outside}))


if __name__ == "__main__":
    main()
