"""What one account opens to a role of another one: streams of tables by their resource policies, buckets by theirs.

- On AWS, Lambda reads a stream of another account where the stream's resource policy allows its function's role.
  Unpatched ministack keeps those policies, and reads no such stream. The mapping's last result says so here, in words
  of its own. (AWS also refuses to map a stream that the function may not read; that is not imitated.)
- On AWS, DynamoDB exports into a bucket of another account where the caller's role and the bucket's policy allow it,
  and the request names the bucket's owner. Unpatched ministack does not check that.
- On AWS the condition key s3:ResourceAccount is the bucket's account; unpatched ministack gives the caller's.
- On AWS the condition key aws:PrincipalArn of a role's session is the role (IAM user guide, "AWS global condition
  context keys"); unpatched ministack gives the session.

KMS is not part of it.
"""

import re

from harness import Harness
from patching import wrapped
from role_context import role_context

READS = ("dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords")


def install(_: Harness) -> None:
    from ministack.core import iam_evaluator

    @wrapped(iam_evaluator, "_resolve_condition_key")
    def resolve(original, key, context):
        if key.lower() in ("aws:resourceaccount", "s3:resourceaccount") and ":s3:::" in context.resource_arn:
            return bucket_owner(context.resource_arn) or original(key, context)
        found = original(key, context)
        session = re.fullmatch(r"arn:(aws[a-z-]*):sts::(\d{12}):assumed-role/([^/]+)/.*", str(found))
        if key.lower() != "aws:principalarn" or session is None:
            return found
        return f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}"


def denied_read(stream_arn: str, role_arn: str) -> str | None:
    """The first read that the policy of another account's stream does not allow the role."""
    from ministack.services import dynamodb

    region, owner = stream_arn.split(":")[3:5]
    if owner == role_arn.split(":")[4]:
        return None
    policy = dynamodb._resource_policies.get_scoped(owner, region, stream_arn) or {}
    allowed = (action for action in READS if not is_allowed(policy.get("Policy"), role_arn, action, stream_arn))
    return next(allowed, None)


def denied_by_bucket(role_arn: str, action: str, resource: str) -> bool:
    """Whether the bucket is another account's than the role, and its policy does not let the role in."""
    from ministack.services import s3

    owner = bucket_owner(resource)
    if owner is None or owner == role_arn.split(":")[4]:
        return False
    policy = s3._bucket_policies.get_scoped(owner, None, bucket_of(resource))
    return not is_allowed(policy, role_arn, action, resource)


def bucket_owner(resource: str) -> str | None:
    """The account of the bucket that the ARN is in."""
    from ministack.services import s3

    return s3._bucket_owner_account(bucket_of(resource))


def bucket_of(resource: str) -> str:
    return resource.split(":::")[-1].split("/")[0]


def is_allowed(policy, role_arn: str, action: str, resource: str) -> bool:
    from ministack.core import iam_evaluator

    account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    context = role_context(account, name, action, resource, {})
    return bool(policy) and iam_evaluator.evaluate_resource_policy(policy, context).decision == "Allow"
