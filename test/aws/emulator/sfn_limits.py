"""Limits and item readers of Step Functions.

- On AWS the input and output of a state have at most 256 KiB; unpatched ministack has no limit.
- On AWS a Distributed Map splits JSON lines at newlines only; unpatched ministack also splits at other separators, such
  as U+2028, which may be part of a JSON string.
- On AWS a stopped execution stays ABORTED; in unpatched ministack its last state may turn it into FAILED.
"""

import json

from harness import Harness
from patching import wrapped

DATA_BYTES_MAX = 256 * 1024


def install(harness: Harness) -> None:
    from ministack.services import stepfunctions

    for name in ("_execute_pass", "_execute_task", "_execute_map", "_execute_parallel"):
        install_data_limit(stepfunctions, name)

    @wrapped(stepfunctions, "_parse_reader_items")
    def parse(original, text, config):
        if config.get("InputType") == "JSONL":
            return [json.loads(line) for line in text.split("\n") if line.strip()]
        return original(text, config)

    @wrapped(stepfunctions, "_fail_execution")
    def fail(original, execution, error, cause):
        if execution["status"] != "ABORTED":
            original(execution, error, cause)


def install_data_limit(stepfunctions, name: str) -> None:
    @wrapped(stepfunctions, name)
    def execute(original, definition, given, *context):
        output, following = original(definition, given, *context)
        size = len(json.dumps(output, ensure_ascii=False).encode())
        if size > DATA_BYTES_MAX:
            state = context[-1].get("State", {}).get("Name", "")
            said = "returned a result with a size exceeding the maximum number of bytes service limit."
            cause = f"The state/task '{state}' {said}"
            raise stepfunctions._ExecutionError("States.DataLimitExceeded", cause)
        return output, following
