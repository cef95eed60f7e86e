"""The records that DynamoDB writes to streams.

On AWS the record of a removal by time to live carries the service's identity. Unpatched ministack writes no such
record, and checks for expired items only every few minutes. So a switch marks the next removals as removals by time to
live.
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
