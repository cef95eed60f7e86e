"""What DynamoDB writes into streams.

A removal by time to live carries the service's identity on AWS. Bare ministack emits no record of such a removal, and
its clock for it is minutes; so a switch marks the next removals, by whomever, as those of time to live.
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
