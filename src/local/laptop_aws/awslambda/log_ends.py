"""Where an invocation's log ends is known, not waited for.

AWS: the caller has the answer as soon as the handler has returned; the log follows by itself.
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html

MiniStack's worker answers, and then its standard error is watched until nothing comes any more: for 50 ms where the
function logs nothing, as most do when all is well. Caller and worker wait meanwhile. Here a worker marks the end of
the log before it answers.
"""

import queue

from ministack.core import lambda_runtime

MARK = "\0end-of-log"
PATIENCE_SECONDS = 0.25  # for the mark of a worker that has died

PYTHON_ANSWERS = "        _real_stdout.flush()\n\nrun()\n"
PYTHON_MARKS = """        sys.stderr.flush()
        os.write(2, b"\\0end-of-log\\n")
        _real_stdout.flush()

run()
"""
NODE_ANSWERS = "        settled = true;\n"
NODE_MARKS = NODE_ANSWERS + '        fs.writeSync(2, "\\u0000end-of-log\\n");\n'


def log_of(worker, *_waits) -> str:
    """What the invocation that has just answered wrote to standard error."""
    lines = []
    try:
        while True:
            line, end, _ = worker._stderr_queue.get(timeout=PATIENCE_SECONDS).partition(MARK)
            if line or not end:
                lines.append(line)
            if end:
                break
    except queue.Empty:
        pass
    return "\n".join(lines)


def _changed(script: str, before: str, after: str) -> str:
    if script.count(before) != 1:
        raise RuntimeError("MiniStack's worker script answers in another way than log_ends expects")
    return script.replace(before, after)


def install() -> None:
    runtime = lambda_runtime
    runtime._PYTHON_WORKER_SCRIPT = _changed(runtime._PYTHON_WORKER_SCRIPT, PYTHON_ANSWERS, PYTHON_MARKS)
    runtime._NODEJS_WORKER_SCRIPT = _changed(runtime._NODEJS_WORKER_SCRIPT, NODE_ANSWERS, NODE_MARKS)
    runtime.Worker._drain_stderr_bounded = log_of
