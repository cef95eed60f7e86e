"""What ministack evaluates policies by, for a session of a role that a service assumed."""


def role_context(account: str, name: str, action: str, resource: str, service_context: dict):
    """What policies are evaluated by, when a service calls an action with a session of the account's role of that name."""
    from ministack.core import iam_evaluator
    from ministack.core.responses import get_region

    return iam_evaluator.EvalContext(
        principal_arn=f"arn:aws:sts::{account}:assumed-role/{name}/service",
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=get_region(),
        source_ip="127.0.0.1",
        secure_transport=True,
        service_context=service_context,
    )
