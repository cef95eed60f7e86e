"""Failed batches of a stream: which records failed, whether they are retried, and where they go if not."""

import json
import logging
import time
import uuid
from datetime import datetime, timezone

import iam_roles
import s3_objects
from harness import Harness
from stream_mapping import Batch, Mapping

log = logging.getLogger("dynalake")

SHARD = "shardId-00000000000000000000-00000000"


def failed_position(mapping: Mapping, placed: list[tuple[int, dict]], result: dict) -> int | None:
    """The index of the first failed record. An identifier that is not in the batch fails the whole batch."""
    if result.get("error"):
        return placed[0][0]
    if "ReportBatchItemFailures" not in (mapping.settings.get("FunctionResponseTypes") or []):
        return None
    body = result.get("body")
    if isinstance(body, (str, bytes)):
        body = json.loads(body or "null")
    failures = (body or {}).get("batchItemFailures") or []
    if not failures:
        return None
    positions = {record["dynamodb"]["SequenceNumber"]: position for position, record in placed}
    named = [positions.get(failure.get("itemIdentifier")) for failure in failures]
    return placed[0][0] if None in named else min(named)


def given_up(settings: dict, batch: Batch, left: list[dict]) -> str | None:
    """Why the batch is not retried, if so. A limit of -1 means none."""
    tries_max = settings.get("MaximumRetryAttempts")
    if tries_max is not None and int(tries_max) >= 0 and batch.tries >= int(tries_max):
        return "RetryAttemptsExhausted"
    age_max = settings.get("MaximumRecordAgeInSeconds")
    oldest = min(float(record["dynamodb"]["ApproximateCreationDateTime"]) for record in left)
    if age_max is not None and int(age_max) > 0 and time.time() - oldest > int(age_max):
        return "MaxRecordAgeExceeded"
    return None


def put_aside(
    harness: Harness, mapping: Mapping, records: list[dict], result: dict, condition: str, tries: int
) -> None:
    """Sends the batch to the on-failure destination. A bucket also receives the payload."""
    from ministack.services import lambda_svc

    destination = ((mapping.settings.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination") or ""
    log.warning("%d records to %s: %s", len(records), destination or "nowhere", condition)
    if not destination.startswith("arn:aws:s3:::"):
        lambda_svc._send_ddb_stream_failure_record(
            mapping.settings, mapping.function, records, mapping.stream_arn, result, condition
        )
        return
    role = mapping.function_config.get("Role", "")
    now = datetime.now(timezone.utc)
    key = f"aws/lambda/{mapping.id}/{SHARD}/{now:%Y/%m/%d}/{now:%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"
    if iam_roles.denied_to_role(harness, role, "s3:PutObject", f"{destination}/{key}") is None:
        record = failure_record(mapping, records, result, condition, tries, now)
        s3_objects.put(destination.split(":::")[1], key, json.dumps(record).encode())


def failure_record(
    mapping: Mapping, records: list[dict], result: dict, condition: str, tries: int, now: datetime
) -> dict:
    first, last = records[0]["dynamodb"], records[-1]["dynamodb"]
    response = {"statusCode": 200, "executedVersion": "$LATEST"}
    return {
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": mapping.function_config["FunctionArn"],
            "condition": condition,
            "approximateInvokeCount": tries,
        },
        "responseContext": {**response, **({"functionError": "Unhandled"} if result.get("error") else {})},
        "version": "1.0",
        "timestamp": iso(now.timestamp()),
        "DDBStreamBatchInfo": {
            "shardId": SHARD,
            "startSequenceNumber": first["SequenceNumber"],
            "endSequenceNumber": last["SequenceNumber"],
            "approximateArrivalOfFirstRecord": iso(first["ApproximateCreationDateTime"]),
            "approximateArrivalOfLastRecord": iso(last["ApproximateCreationDateTime"]),
            "batchSize": len(records),
            "streamArn": mapping.stream_arn,
        },
        "payload": json.dumps({"Records": records}),
    }


def iso(seconds: float) -> str:
    moment = datetime.fromtimestamp(float(seconds), timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
