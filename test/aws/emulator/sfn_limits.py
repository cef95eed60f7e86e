"""Limits and readers of Step Functions.

- What a state takes or gives is at most 256 KiB on AWS; bare ministack passes on anything.
- A Distributed Map reads JSON lines by their newlines on AWS; bare ministack splits at other separators, too, which may
  stand inside of a JSON string (U+2028 and the like).
- An execution that was stopped stays ABORTED on AWS; bare ministack lets its last state turn it into FAILED.
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
