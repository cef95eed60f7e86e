"""Records that DynamoDB writes to streams.

On AWS, a time-to-live delete carries the service's identity. Plain ministack writes no record for one, and takes minutes to
delete. So a switch marks the next deletes, from any caller, as time-to-live deletes.
"""

from harness import Harness
from patching import wrapped

TTL_IDENTITY = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


def install(harness: Harness) -> None:
    from ministack.services import dynamodb

    @wrapped(dynamodb, "_build_change_record")
    def build(original, table, event_name, *arguments):
        record = original(table, event_name, *arguments)
        if event_name == "REMOVE" and harness.faults.take("ttl_deletes", table["TableName"]):
            record["userIdentity"] = dict(TTL_IDENTITY)
        return record
