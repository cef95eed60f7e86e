"""Corrections to how ministack checks a request against policies.

- Every denial is recorded for tests.
- Plain http counts as TLS: otherwise bucket policies that require TLS, such as that of the CDK's own bucket, would deny
  everything here.
- On AWS an action on a query needs permission on its work group; unpatched ministack finds no resource and denies it.
- On AWS a stack's ARN ends in an id; unpatched ministack asks for permission on all stacks of that name.
- On AWS listing executions needs permission on the state machine; unpatched ministack finds no resource.
- On AWS a table may be given by its ARN, as for an export; unpatched ministack only looks for its name.
- On AWS an action on a Glue table needs the catalog, the database and the table; unpatched ministack checks the
  database.
- Unpatched ministack lacks the condition key cloudwatch:namespace.
- Reading one mapping is GetEventSourceMapping; unpatched ministack treats it as the listing of all.
"""

import contextvars
import json
import re

import iam_roles
from harness import Harness
from patching import wrapped

more_resources: contextvars.ContextVar[list[str]] = contextvars.ContextVar("more_resources", default=[])


def install(harness: Harness) -> None:
    from ministack import app
    from ministack.core import iam_actions, iam_evaluator
    from ministack.services import athena, cloudformation

    @wrapped(app, "pin_request_origin")
    def pin(original, source_ip, secure_transport):
        return original(source_ip, True)

    @wrapped(iam_evaluator, "enforce")
    def enforce(original, access_key, action, service, region, resource_arn="*", service_context=None):
        more = more_resources.get() if service == "glue" else []
        for arn in [resource_arn, *more]:
            denied = original(access_key, action, service, region, resource_arn=arn, service_context=service_context)
            if denied is not None:
                principal = getattr(denied, "principal_arn", "") or access_key
                harness.denials.add(principal, action, arn, (service_context or {}).get("s3:prefix"))
                return denied
        return None

    @wrapped(iam_actions, "extract_resource_arn")
    def resource(original, service, method, path, headers, body, query, region, account):
        more_resources.set([])
        found = original(service, method, path, headers, body, query, region, account)
        if service == "glue":
            arns = glue_resources(headers, body)
            if arns:
                more_resources.set(arns[1:])
                return arns[0]
        if service == "athena" and found == "*":
            execution = athena._executions.get(json_body(body).get("QueryExecutionId"))
            if execution is not None:
                return f"arn:aws:athena:{region}:{account}:workgroup/{execution.get('WorkGroup', 'primary')}"
        if service == "cloudformation" and found.endswith("/*"):
            stack = cloudformation._stacks.get(found.split("/")[-2])
            return found if stack is None else stack["StackId"]
        if service == "states" and found == "*":
            return json_body(body).get("stateMachineArn") or found
        if service == "dynamodb" and found == "*":
            return json_body(body).get("TableArn") or json_body(body).get("ExportArn") or found
        return found

    @wrapped(iam_actions, "_lambda_action")
    def lambda_action(original, method, path):
        if method == "GET" and re.search(r"/event-source-mappings/[^/]+/?$", path):
            return "GetEventSourceMapping"
        return original(method, path)

    @wrapped(iam_actions, "request_tag_context")
    def context(original, service, action, body, parameters):
        found = dict(original(service, action, body, parameters) or {})
        namespace = namespace_in(body or b"") if action == "cloudwatch:PutMetricData" else None
        return found if namespace is None else {**found, "cloudwatch:namespace": namespace}


def glue_resources(headers: dict, body: bytes) -> list[str]:
    data = json_body(body)
    action = headers.get("x-amz-target", "").split(".")[-1]
    if "Database" in action and "Table" not in action:
        name = data.get("Name") or (data.get("DatabaseInput") or {}).get("Name")
        return iam_roles.glue_arns(name) if name else []
    database = data.get("DatabaseName")
    if not database:
        return []
    table = data.get("TableName") or data.get("Name") or (data.get("TableInput") or {}).get("Name")
    return iam_roles.glue_arns(database, table or "*")


def json_body(body: bytes) -> dict:
    try:
        data = json.loads(body or b"{}")
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def namespace_in(body: bytes) -> str | None:
    """The namespace of a PutMetricData in JSON, as a form, or in CBOR with a short text."""
    plain = re.search(rb'"Namespace"\s*:\s*"([^"]*)"', body) or re.search(rb"(?:^|&)Namespace=([^&]*)", body)
    if plain:
        return plain[1].decode()
    cbor = re.search(rb"iNamespace([\x60-\x77])(.{0,23})", body, re.DOTALL)
    return cbor[2][: cbor[1][0] - 0x60].decode() if cbor else None
