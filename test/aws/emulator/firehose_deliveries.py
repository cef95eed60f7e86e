"""Firehose.

- On AWS a request may have at most 4 MiB; unpatched ministack accepts more.
- On AWS Firehose writes and reads the table's versions with the permissions of the delivery role; unpatched ministack
  checks none.
- Switches make entries of PutRecordBatch fail, hold objects back and deliver them later, even into an earlier hour (the
  hour of an object is that in which its oldest record arrived), and write objects twice (as after a timeout inside
  Firehose).

As in unpatched ministack, each record immediately becomes one object, whereas AWS gathers many records in one: tests
must not count objects.
"""

import contextvars
import json
import logging
import re
import uuid
from datetime import datetime, timedelta

import iam_roles
from faults import HeldObject
from harness import Harness
from patching import wrapped

log = logging.getLogger("dynalake")

BATCH_BYTES_MAX = 4 * 1024 * 1024
HOUR = re.compile(r"dt=(\d{4}-\d\d-\d\d)/hr=(\d\d)/")
OBJECT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=[^/]*$)")

delivering: contextvars.ContextVar[str | None] = contextvars.ContextVar("delivering", default=None)


def install(harness: Harness) -> None:
    from ministack.services import firehose

    @wrapped(firehose, "_put_record_batch")
    def put_batch(original, data):
        records = data.get("Records") or []
        if sum(len(record.get("Data", "")) * 3 // 4 for record in records) > BATCH_BYTES_MAX:
            return firehose._invalid("Records size exceeds 4 MB limit")
        failing = harness.faults.failing_entries(data.get("DeliveryStreamName", ""), len(records))
        return answer_with_failures(original, data, failing) if failing else original(data)

    @wrapped(firehose, "_deliver_to_s3")
    def deliver(original, stream, destination, *arguments):
        if denied(harness, destination["config"]):
            return None
        token = delivering.set(stream["name"])
        try:
            return original(stream, destination, *arguments)
        finally:
            delivering.reset(token)

    @wrapped(firehose, "_put_s3_object")
    def put(original, bucket, key, body):
        name = delivering.get()
        if name is None:
            return original(bucket, key, body)
        if harness.faults.holds(name):
            scope = contextvars.copy_context()
            write = lambda place: scope.copy().run(original, bucket, place, body)  # noqa: E731
            with harness.faults.lock:
                harness.faults.held.append(HeldObject(name, bucket, key, len(body), write))
            return None
        if harness.faults.take("duplicates", name):
            original(bucket, renamed(key), body)
        return original(bucket, key, body)


def answer_with_failures(original, data: dict, failing: set[int]):
    """Passes on the entries that do not fail, and answers for all entries in their order."""
    from ministack.core.responses import json_response

    records = data["Records"]
    passing = [record for i, record in enumerate(records) if i not in failing]
    taken: list[dict] = []
    if passing:
        status, headers, body = original({**data, "Records": passing})
        if status != 200:
            return status, headers, body
        taken = json.loads(body)["RequestResponses"]
    refusal = {"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."}
    answers = iter(taken)
    responses = [dict(refusal) if i in failing else next(answers) for i in range(len(records))]
    failed = sum("ErrorCode" in response for response in responses)
    return json_response({"FailedPutCount": failed, "Encrypted": False, "RequestResponses": responses})


def denied(harness: Harness, config: dict) -> bool:
    """What the delivery role is not permitted to do: write and, with format conversion, read the table's versions."""
    role, bucket = config.get("RoleARN", ""), config.get("BucketARN", "")
    prefixes = [literal_start(config.get(name)) for name in ("Prefix", "ErrorOutputPrefix")]
    needed = [("s3:ListBucket", bucket), *(("s3:PutObject", f"{bucket}/{prefix}x") for prefix in prefixes)]
    schema = (config.get("DataFormatConversionConfiguration") or {}).get("SchemaConfiguration")
    if schema:
        arns = iam_roles.glue_arns(schema["DatabaseName"], schema["TableName"])
        needed += [("glue:GetTableVersions", arn) for arn in arns]
    return any(iam_roles.denied_to_role(harness, role, action, arn) is not None for action, arn in needed)


def literal_start(prefix: str | None) -> str:
    return (prefix or "").split("!{")[0]


def renamed(key: str) -> str:
    return OBJECT_ID.sub(str(uuid.uuid4()), key)


def release(held: list[HeldObject], hours_earlier: int) -> list[str]:
    """Writes the objects that are held back, and returns their keys."""
    keys = []
    for one in held:
        key = HOUR.sub(lambda match: earlier(match, hours_earlier), one.key)
        one.write(key)
        keys.append(key)
    return keys


def earlier(match: re.Match, hours: int) -> str:
    moment = datetime.strptime(f"{match[1]} {match[2]}", "%Y-%m-%d %H") - timedelta(hours=hours)
    return f"{moment:dt=%Y-%m-%d/hr=%H/}"
