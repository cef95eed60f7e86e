"""ExportTableToPointInTime and point-in-time recovery.

- On AWS an export writes files in a documented layout (manifests, checksums, gzipped lines, some files empty);
  unpatched ministack writes none.
- On AWS an export needs point-in-time recovery; unpatched ministack does not check, and forgets what CloudFormation
  set.
- On AWS a client token identifies one export and its parameters; unpatched ministack does not compare the parameters.
- The export's ARN, manifest path, time and item count have the form that AWS gives them.
- A switch makes the next exports end as FAILED.

The items are those at the moment of the call, whatever ExportTime says.
"""

import base64
import gzip
import hashlib
import json
import secrets
import time
from datetime import datetime, timezone

import iam_roles
import other_accounts
import s3_objects
from harness import Harness
from patching import wrapped

# Two with items, and one for a partition without any.
FULL_FILES, EMPTY_FILES = 2, 1


def install(harness: Harness) -> None:
    from ministack.core.responses import error_response_json, json_response
    from ministack.services import dynamodb
    from ministack.services.cloudformation import provisioners

    @wrapped(dynamodb, "_export_arn")
    def export_arn(original, table_arn):
        return f"{table_arn}/export/{int(time.time() * 1000):014d}-{secrets.token_hex(4)}"

    @wrapped(dynamodb, "_export_table_to_point_in_time")
    def export(original, data):
        name = dynamodb._table_name_from_arn(data.get("TableArn") or "")
        if name in dynamodb._tables and not dynamodb._pitr_settings.get(name, False):
            message = f"Point in time recovery is not enabled for table '{name}'"
            return error_response_json("PointInTimeRecoveryUnavailableException", message, 400)
        known = token_conflict(dynamodb, data)
        if known is not None and known != request_of(data):
            message = "Export with the same client token but different parameters already exists"
            return error_response_json("ExportConflictException", message, 400)
        denied = denied_write(harness, data)
        if denied is not None:
            return error_response_json("AccessDeniedException", denied, 400)
        status, headers, body = original(data)
        if status != 200:
            return status, headers, body
        description = dynamodb._exports[json.loads(body)["ExportDescription"]["ExportArn"]]
        if "_request" not in description:
            description["_request"] = request_of(data)
            begin(harness, description)
        return json_response({"ExportDescription": shown(description)})

    @wrapped(dynamodb, "_describe_export")
    def describe(original, data):
        status, headers, body = original(data)
        if status != 200:
            return status, headers, body
        description = dynamodb._exports[data["ExportArn"]]
        if description["ExportStatus"] == "COMPLETED":
            if description.pop("_fails", False):
                description.update(
                    ExportStatus="FAILED", FailureCode="InternalServerError", FailureMessage="A test asked for this."
                )
                for name in ("ItemCount", "BilledSizeBytes", "ExportManifest"):
                    description.pop(name, None)
            else:
                description.update(description.pop("_outcome", {}))
        return json_response({"ExportDescription": shown(description)})

    for kind in ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"):
        install_recovery(handlers_of(provisioners, kind))


def install_recovery(handlers: dict) -> None:
    """CloudFormation sets point-in-time recovery when it creates the table, and whenever the template changes it."""
    from ministack.services import dynamodb

    create, update = handlers["create"], handlers["update"]

    def created(logical_id, properties, *more, **named):
        made = create(logical_id, properties, *more, **named)
        dynamodb._pitr_settings[made[0]] = recovery_in(properties)
        return made

    def updated(physical_id, old, new, *more, **named):
        made = update(physical_id, old, new, *more, **named)
        if recovery_in(old) != recovery_in(new):
            dynamodb._pitr_settings[made[0]] = recovery_in(new)
        return made

    handlers.update(create=created, update=updated)


def recovery_in(properties: dict) -> bool:
    """Takes the properties of a table, or of a global table, in which each replica has its own setting."""
    places = [properties, *(properties.get("Replicas") or [])]
    settings = [place.get("PointInTimeRecoverySpecification") or {} for place in places]
    return any(str(setting.get("PointInTimeRecoveryEnabled", False)).lower() == "true" for setting in settings)


def handlers_of(provisioners, kind: str) -> dict:
    """ministack's handlers of a CloudFormation resource type."""
    for value in vars(provisioners).values():
        if isinstance(value, dict) and "create" in (value.get(kind) or {}):
            return value[kind]
    raise SystemExit(f"ministack has no CloudFormation handlers for {kind}")


def request_of(data: dict) -> dict:
    return {name: value for name, value in data.items() if name != "ClientToken"}


def token_conflict(dynamodb, data: dict) -> dict | None:
    """The first request with the same token."""
    token = data.get("ClientToken")
    exports = dynamodb._exports.values()
    return next((d.get("_request") for d in exports if token and d.get("ClientToken") == token), None)


def denied_write(harness: Harness, data: dict) -> str | None:
    """DynamoDB writes the export with the caller's permissions."""
    prefix = f"{data['S3Prefix'].rstrip('/')}/" if data.get("S3Prefix") else ""
    resource = f"arn:aws:s3:::{data.get('S3Bucket')}/{prefix}AWSDynamoDB/x"
    owner, table_account = other_accounts.bucket_owner(resource), data.get("TableArn", ":::::").split(":")[4]
    if owner != table_account and data.get("S3BucketOwner") != owner:
        return f"the bucket {data.get('S3Bucket')} is another account's, and S3BucketOwner does not name it"
    return iam_roles.denied_to_caller(harness, "s3:PutObject", resource)


def shown(description: dict) -> dict:
    return {name: value for name, value in description.items() if not name.startswith("_")}


def begin(harness: Harness, description: dict) -> None:
    """Writes the export's files. DescribeExport reports the end a little later."""
    description.setdefault("ExportTime", description["StartTime"])
    prefix = f"{description['S3Prefix'].rstrip('/')}/" if description.get("S3Prefix") else ""
    folder = f"{prefix}AWSDynamoDB/{description['ExportArn'].split('/')[-1]}/"
    bucket = description["S3Bucket"]
    s3_objects.put(bucket, f"{folder}_started", b"")
    if harness.faults.take("export_failures", description["TableArn"].split("/")[-1]):
        description["_fails"] = True
        return
    files = [write_file(bucket, folder, items) for items in parts_of(table_items(description["TableArn"]))]
    items = sum(file["itemCount"] for file in files)
    lines = "".join(json.dumps(file) + "\n" for file in files).encode()
    summary = json.dumps(summary_of(description, folder, items)).encode()
    for name, text in (("manifest-files", lines), ("manifest-summary", summary)):
        s3_objects.put(bucket, f"{folder}{name}.json", text)
        s3_objects.put(bucket, f"{folder}{name}.md5", base64.b64encode(hashlib.md5(text).digest()))
    description["_outcome"] = {
        "ItemCount": items,
        "BilledSizeBytes": len(lines),
        "ExportManifest": f"{folder}manifest-summary.json",
    }


def table_items(table_arn: str) -> list[dict]:
    from ministack.services import dynamodb

    table = dynamodb._tables[dynamodb._table_name_from_arn(table_arn)]
    return [item for by_range in list(table["items"].values()) for item in list(by_range.values())]


def parts_of(items: list[dict]) -> list[list[dict]]:
    return [items[i::FULL_FILES] for i in range(FULL_FILES)] + [[] for _ in range(EMPTY_FILES)]


def write_file(bucket: str, folder: str, items: list[dict]) -> dict:
    """Writes a data file, and returns its line of manifest-files.json."""
    text = "".join(json.dumps({"Item": item}, ensure_ascii=False, separators=(",", ":")) + "\n" for item in items)
    body = gzip.compress(text.encode())
    key = f"{folder}data/{secrets.token_hex(13)}.json.gz"
    etag = s3_objects.put(bucket, key, body)
    checksum = base64.b64encode(hashlib.md5(body).digest()).decode()
    return {"itemCount": len(items), "md5Checksum": checksum, "etag": etag, "dataFileS3Key": key}


def summary_of(description: dict, folder: str, items: int) -> dict:
    return {
        "version": "2023-08-01",
        "exportArn": description["ExportArn"],
        "startTime": iso(description["StartTime"]),
        "endTime": iso(time.time()),
        "tableArn": description["TableArn"],
        "tableId": description["TableId"],
        "exportTime": iso(float(description["ExportTime"])),
        "s3Bucket": description["S3Bucket"],
        "s3Prefix": description.get("S3Prefix"),
        "s3SseAlgorithm": description.get("S3SseAlgorithm", "AES256"),
        "s3SseKmsKeyId": description.get("S3SseKmsKeyId"),
        "manifestFilesS3Key": f"{folder}manifest-files.json",
        "billedSizeBytes": 0,
        "itemCount": items,
        "outputFormat": description["ExportFormat"],
        "exportType": description["ExportType"],
    }


def iso(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
