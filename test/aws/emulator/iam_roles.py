"""Permissions of roles that services assume (state machines, Firehose, Lambda's mappings, schedules) and of callers on
whose behalf a service acts (exports, Athena). AWS checks them; unpatched ministack checks SDK calls only.

Only identity policies are evaluated: a bucket policy that denies has no effect here, and neither has KMS. Of a
machine's `aws-sdk` tasks, those of services with a JSON protocol are checked (DynamoDB, Athena, Glue and others, but
not S3).
"""

import contextvars
import json

import other_accounts
from harness import Harness
from patching import wrapped
from role_context import role_context

# The role of the state machine whose task this thread runs.
machine_role: contextvars.ContextVar[str | None] = contextvars.ContextVar("machine_role", default=None)


def install(harness: Harness) -> None:
    if harness.iam:
        install_state_machines(harness)
        install_schedules(harness)


def denied_to_role(
    harness: Harness, role_arn: str, action: str, resource: str, prefix: str | None = None
) -> str | None:
    """The message of AWS; None if the role is permitted or policies are not enforced. `prefix` is that of a listing."""
    from ministack.core import iam_evaluator
    from ministack.core.responses import get_account_id
    from ministack.services import iam

    if not harness.iam:
        return None
    account, name = get_account_id(), role_arn.rsplit("/", 1)[-1]
    # Services act only for this account.
    service_context = {
        **{"aws:sourceaccount": account, "s3:resourceaccount": account, "aws:resourceaccount": account},
        **({} if prefix is None else {"s3:prefix": prefix}),
    }
    context = role_context(account, name, action, resource, service_context)
    policies = iam_evaluator._gather_role_policies(name, account)
    limits = iam_evaluator._permissions_boundary(iam._roles, name, account)
    is_in = not other_accounts.denied_by_bucket(f"arn:aws:iam::{account}:role/{name}", action, resource)
    if is_in and iam_evaluator.evaluate(context, policies, *limits).decision == "Allow":
        return None
    harness.denials.add(context.principal_arn, action, resource, prefix)
    return f"User: {context.principal_arn} is not authorized to perform: {action} on resource: {resource}"


def caller_role() -> str | None:
    """The role on whose behalf this thread acts; None for the account itself."""
    from ministack.core import iam_evaluator

    role = machine_role.get()
    if role is not None:
        return role
    arn = iam_evaluator.caller_arn()
    return iam_evaluator._role_name_from_assumed_arn(arn) if ":assumed-role/" in arn else None


def denied_to_caller(harness: Harness, action: str, resource: str) -> str | None:
    role = caller_role()
    return None if role is None else denied_to_role(harness, role, action, resource)


def glue_arns(database: str, table: str | None = None) -> list[str]:
    """The resources that an action on the table or the database needs."""
    from ministack.core.responses import get_account_id, get_region

    start = f"arn:aws:glue:{get_region()}:{get_account_id()}"
    arns = [f"{start}:catalog", f"{start}:database/{database}"]
    return arns if table is None else [*arns, f"{start}:table/{database}/{table}"]


def install_state_machines(harness: Harness) -> None:
    """A machine's tasks, its readers of S3 and its Distributed Maps use its role."""
    from ministack.services import stepfunctions

    def require(action: str, resource: str, error: str) -> None:
        role = machine_role.get()
        denied = None if role is None else denied_to_role(harness, role, action, resource)
        if denied is not None:
            raise stepfunctions._ExecutionError(error, denied)

    @wrapped(stepfunctions, "_run_execution")
    def run(original, execution_arn):
        execution = stepfunctions._executions.get(execution_arn) or {}
        machine = stepfunctions._state_machines.get(execution.get("stateMachineArn")) or {}
        machine_role.set(machine.get("roleArn"))
        return original(execution_arn)

    @wrapped(stepfunctions, "_call_lambda")
    def call_lambda(original, function, event):
        from ministack.services import lambda_svc

        _, config, _ = lambda_svc._get_func_record_for_ref(function)
        if config:
            require("lambda:InvokeFunction", config["FunctionArn"], "Lambda.AWSLambdaException")
        with_own_role = contextvars.copy_context()
        with_own_role.run(machine_role.set, None)
        return with_own_role.run(original, function, event)

    @wrapped(stepfunctions, "_invoke_sns_publish")
    def publish(original, resource, given):
        require("sns:Publish", given.get("TopicArn", "*"), "SNS.AuthorizationErrorException")
        return original(resource, given)

    @wrapped(stepfunctions, "_read_map_items")
    def read(original, reader, effective, context):
        place = stepfunctions._resolve_params_obj(reader.get("Parameters") or {}, effective, context)
        bucket = f"arn:aws:s3:::{place.get('Bucket')}"
        if reader.get("Resource", "").endswith("s3:getObject"):
            require("s3:GetObject", f"{bucket}/{place.get('Key')}", "States.ItemReaderFailed")
        else:
            require("s3:ListBucket", bucket, "States.ItemReaderFailed")
        return original(reader, effective, context)

    @wrapped(stepfunctions, "_run_distributed_map")
    def distributed(original, definition, given, effective, iterator, execution, context):
        require("states:StartExecution", execution["stateMachineArn"], "States.Runtime")
        return original(definition, given, effective, iterator, execution, context)

    @wrapped(stepfunctions, "_dispatch_aws_sdk_json")
    def dispatch(original, info, service, action, given):
        name = action[0].upper() + action[1:]
        prefix = info.get("service_key", service)
        error = stepfunctions._prefix_sdk_error(service, "AccessDeniedException")
        require(f"{prefix}:{name}", sdk_resource(prefix, name, given), error)
        return original(info, service, action, given)


def sdk_resource(service: str, action: str, given: dict) -> str:
    machine = given.get("StateMachineArn") if isinstance(given, dict) else None
    if machine:
        return machine
    from ministack.core import iam_actions
    from ministack.core.responses import get_account_id, get_region

    for name in ("ExportArn", "TableArn"):
        if service == "dynamodb" and given.get(name):
            return given[name]
    headers = {"x-amz-target": f"{service}.{action}"}
    body = json.dumps(given).encode()
    return iam_actions.extract_resource_arn(service, "POST", "/", headers, body, {}, get_region(), get_account_id())


def install_schedules(harness: Harness) -> None:
    """A schedule starts its target with its own role."""
    from ministack.services import eventbridge

    @wrapped(eventbridge, "_invoke_target")
    def invoke(original, target, event, rule, *view):
        if ":states:" in target.get("Arn", "") and target.get("RoleArn"):
            if denied_to_role(harness, target["RoleArn"], "states:StartExecution", target["Arn"]) is not None:
                return None
        return original(target, event, rule, *view)
