"""The task `arn:aws:states:::athena:startQueryExecution`, and its `.sync`, which waits until the query ends. Unpatched
ministack has neither."""

import json
import time

from harness import Harness

POLL_SECONDS = 0.05


def install(harness: Harness) -> None:
    from ministack.services import stepfunctions

    def call(action: str, request: dict) -> dict:
        return stepfunctions._invoke_aws_sdk_integration(f"arn:aws:states:::aws-sdk:athena:{action}", request)

    def start(resource: str, request: dict) -> dict:
        answer = call("startQueryExecution", request)
        if not resource.endswith(".sync"):
            return answer
        while True:
            query = call("getQueryExecution", {"QueryExecutionId": answer["QueryExecutionId"]})
            state = query["QueryExecution"]["Status"]["State"]
            if state == "SUCCEEDED":
                return query
            if state in ("FAILED", "CANCELLED"):
                raise stepfunctions._ExecutionError("States.TaskFailed", json.dumps(query, default=str))
            time.sleep(POLL_SECONDS)

    stepfunctions._SERVICE_DISPATCH["arn:aws:states:::athena:startQueryExecution"] = start
