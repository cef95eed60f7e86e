"""The labels of streams that CloudFormation makes.

On AWS a label is a time without a zone, and the stream's ARN ends with it. Unpatched ministack gives a table of a stack
a label with a "Z", and another one in the ARN.
"""

from dynamodb_exports import handlers_of
from harness import Harness


def install(harness: Harness) -> None:
    from ministack.services.cloudformation import provisioners

    for kind in ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"):
        install_labels(handlers_of(provisioners, kind))


def install_labels(handlers: dict) -> None:
    from ministack.services import dynamodb

    create = handlers["create"]

    def created(logical_id, properties, *more, **named):
        name, attributes = create(logical_id, properties, *more, **named)
        table = dynamodb._tables[name]
        if table.get("LatestStreamArn"):
            label = dynamodb._stream_label()
            arn = f"{table['TableArn']}/stream/{label}"
            table.update(LatestStreamLabel=label, LatestStreamArn=arn)
            attributes["StreamArn"] = arn
        return name, attributes

    handlers.update(create=created)
