"""An execution begins as soon as it is started.

AWS: StartExecution answers when the execution runs.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html

MiniStack waits 150 ms before the first state of each. Here it does not.
"""

import sys
import time
import types

from ministack.services import stepfunctions

HESITATES = "_run_execution"


def _sleep(seconds: float) -> None:
    if sys._getframe(1).f_code.co_name != HESITATES:
        time.sleep(seconds)


def install() -> None:
    if "sleep" not in getattr(stepfunctions, HESITATES).__code__.co_names:
        raise RuntimeError("MiniStack starts executions in another way than prompt_starts expects")
    stepfunctions.time = types.SimpleNamespace(**vars(time) | {"sleep": _sleep})
