"""A worker imports what its function imports, and nothing else.

AWS: the runtime holds the SDK, but a function that does not import it pays neither its time nor its memory.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html

MiniStack imports botocore into every worker, to count how deep functions call one another: two thirds of a second,
and four times the memory of a function without the SDK. Here it does not; recursion ends at the pool's bounds.
"""

from ministack.core import lambda_runtime

COUNTING = "    _ms_install_invoke_depth()\n"


def install() -> None:
    script = lambda_runtime._PYTHON_WORKER_SCRIPT
    if COUNTING not in script:
        raise RuntimeError("MiniStack's worker script counts depth in another way than bare_workers expects")
    lambda_runtime._PYTHON_WORKER_SCRIPT = script.replace(COUNTING, "")
