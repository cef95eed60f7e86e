"""Turns log lines in the embedded metric format into metrics, as CloudWatch does; unpatched ministack does not."""

import json
import logging

from harness import Harness
from patching import wrapped

log = logging.getLogger("dynalake")


def install(harness: Harness) -> None:
    from ministack.services import lambda_svc

    @wrapped(lambda_svc, "_emit_lambda_logs")
    def emit(original, function, request_id, text, *arguments, **named):
        for line in (text or "").splitlines():
            if '"_aws"' in line:
                record_metrics(line)
        return original(function, request_id, text, *arguments, **named)


def record_metrics(line: str) -> None:
    from ministack.services import cloudwatch

    try:
        document = json.loads(line[line.index("{") :])
    except ValueError:
        return
    for group in document.get("_aws", {}).get("CloudWatchMetrics", []):
        for names in group.get("Dimensions") or [[]]:
            dimensions = {name: str(document[name]) for name in names if name in document}
            for metric in group.get("Metrics", []):
                value = document.get(metric["Name"])
                for one in value if isinstance(value, list) else [value]:
                    if one is None:
                        continue
                    cloudwatch.record_metric(
                        group["Namespace"], metric["Name"], one, metric.get("Unit", "None"), dimensions
                    )


def record_iterator_age(function_name: str, newest_record_seconds: float, now_seconds: float) -> None:
    """As AWS does, measures the age of a batch's last record when the function receives it."""
    from ministack.services import cloudwatch

    age_ms = max(0.0, now_seconds - newest_record_seconds) * 1000
    cloudwatch.record_metric("AWS/Lambda", "IteratorAge", age_ms, "Milliseconds", {"FunctionName": function_name})
