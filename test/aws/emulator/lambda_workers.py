"""Lambda's Node processes.

- On AWS the name of an error that a handler throws is the errorType of the response, which state machines match;
  unpatched ministack returns "Runtime.HandlerError" for all of them.
- On AWS what a handler logs belongs to its invocation; unpatched ministack waits some milliseconds for the lines, and
  under load attributes the rest to the next invocation or drops it. Here the process marks the end of each invocation.
- On AWS a process survives the errors that its handler throws; unpatched ministack ends it.
"""

import queue
import threading
import time

from harness import Harness
from patching import replaced_text, wrapped

END_MARK = "\x01end of invocation\x01"
LOG_SECONDS_MAX = 2.0
# The answer of the process to an error of the handler. The status "error" would end the process.
THROWN = 'status: "ok", thrown: true'


def install(harness: Harness) -> None:
    from ministack.core import lambda_runtime
    from ministack.services import lambda_svc

    script = lambda_runtime._NODEJS_WORKER_SCRIPT
    mark = '_stderrWrite("\\u0001end of invocation\\u0001\\n"); '
    for old, new in (
        (
            'status: "error", error: String(err.message || err), trace: err.stack || ""',
            f'{THROWN}, error: String(err.message || err), error_name: err.name || "Error", trace: err.stack || ""',
        ),
        (
            'status: "error", error: e.message, trace: e.stack',
            f'{THROWN}, error: e.message, error_name: e.name || "Error", trace: e.stack',
        ),
        ("settled = true;", f"settled = true; {mark}"),
        ("} catch (e) {\n      _realStdoutWrite", f"}} catch (e) {{\n      {mark}_realStdoutWrite"),
    ):
        script = replaced_text(script, old, new)
    lambda_runtime._NODEJS_WORKER_SCRIPT = script

    @wrapped(lambda_runtime.Worker, "_drain_stderr_bounded")
    def lines_of_invocation(original, worker, *waits):
        if not str(worker.config.get("Runtime", "")).startswith("nodejs"):
            return original(worker, *waits)
        return "\n".join(lines_until_mark(worker))

    answered = threading.local()

    @wrapped(lambda_runtime.Worker, "invoke")
    def invoke(original, worker, *arguments, **named):
        answered.last = None
        answered.last = original(worker, *arguments, **named)
        if answered.last.get("thrown"):
            answered.last["status"] = "error"
        return answered.last

    @wrapped(lambda_svc, "_execute_function_warm")
    def execute(original, function, event, request_id):
        result = original(function, event, request_id)
        answer = getattr(answered, "last", None) or {}
        if result.get("error") and answer.get("error_name") and isinstance(result.get("body"), dict):
            result["body"]["errorType"] = answer["error_name"]
            result["body"]["trace"] = (answer.get("trace") or "").split("\n")
        return result


def lines_until_mark(worker) -> list[str]:
    lines: list[str] = []
    until = time.time() + LOG_SECONDS_MAX
    while time.time() < until:
        try:
            line = worker._stderr_queue.get(timeout=0.05)
        except queue.Empty:
            reader = worker._stderr_thread
            if reader is None or not reader.is_alive():
                break
            continue
        if line == END_MARK:
            break
        lines.append(line)
    return lines
