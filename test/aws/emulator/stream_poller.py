"""Lambda's event source mappings of DynamoDB streams.

On AWS a mapping honors batchItemFailures, splits a failing batch, gives up on records after a number of tries or at an
age, and writes them, payload included, to S3. It sends at most 6 MB at once, and reads with the permissions of the
function. Unpatched ministack retries the whole batch forever and writes no object.

The documentation does not say whether a retry after a partial success counts. Here it does, which is the harder case.
"""

import contextlib
import json
import logging
import time

import iam_roles
import other_accounts
from harness import Harness
from lambda_metrics import record_iterator_age
from patching import wrapped
from stream_failures import failed_position, given_up, put_aside
from stream_mapping import Batch, Cursor, Mapping, mapping_of

log = logging.getLogger("dynalake")

PAYLOAD_BYTES_MAX = 6 * 1024 * 1024
# Much shorter than on AWS.
WINDOW_SECONDS_MAX = 0.3
RETRY_SECONDS_MAX = 0.3


def install(harness: Harness) -> None:
    from ministack.services import lambda_svc

    cursors: dict[str, Cursor] = {}

    @wrapped(lambda_svc, "_poll_dynamodb_streams")
    def poll(original):
        worked = False
        for account, region, settings in lambda_svc._iter_all_esms():
            with scope(account, region):
                mapping = mapping_of(settings)
                if mapping is not None and may_read(harness, mapping):
                    worked = step(harness, mapping, cursors) or worked
        return worked

    @wrapped(lambda_svc, "_release_esm_poll_state")
    def release(original, mapping_id):
        cursors.pop(mapping_id, None)
        return original(mapping_id)


@contextlib.contextmanager
def scope(account: str, region: str):
    from ministack.services import lambda_svc

    account_token = lambda_svc._request_account_id.set(account)
    region_token = lambda_svc._request_region.set(region)
    try:
        yield
    finally:
        lambda_svc._request_account_id.reset(account_token)
        lambda_svc._request_region.reset(region_token)


def may_read(harness: Harness, mapping: Mapping) -> bool:
    role = mapping.function_config.get("Role", "")
    actions = ("dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords")
    if harness.iam and other_accounts.denied_read(mapping.stream_arn, role) is not None:
        mapping.settings["LastProcessingResult"] = "PROBLEM: access denied"
        return False
    return all(iam_roles.denied_to_role(harness, role, action, mapping.stream_arn) is None for action in actions)


def step(harness: Harness, mapping: Mapping, cursors: dict[str, Cursor]) -> bool:
    """Sends one batch, if there is one. Returns whether to check again immediately."""
    from ministack.services import dynamodb

    first = dynamodb.stream_start_position(mapping.table, **mapping.place)
    end = dynamodb.stream_end_position(mapping.table, **mapping.place)
    cursor = cursors.setdefault(mapping.id, Cursor(next=first_position(mapping, first, end)))
    if cursor.not_before > time.time():
        time.sleep(0.02)
        return True
    if not cursor.queue:
        if cursor.next >= end:
            return False
        if is_gathering(mapping, cursor, end):
            time.sleep(0.02)
            return True
        cursor.gathering_since = None
        until = min(end, cursor.next + mapping.settings.get("BatchSize", 100))
        cursor.queue.append(Batch(cursor.next, until))
        cursor.next = until
    send(harness, mapping, cursor)
    return True


def first_position(mapping: Mapping, first: int, end: int) -> int:
    """The position at which the mapping was created."""
    from ministack.services import lambda_svc

    begin = first if mapping.settings.get("StartingPosition") == "TRIM_HORIZON" else end
    return lambda_svc._dynamodb_stream_positions.get(mapping.id, begin)


def is_gathering(mapping: Mapping, cursor: Cursor, end: int) -> bool:
    """Whether the batching window is still open."""
    window = min(float(mapping.settings.get("MaximumBatchingWindowInSeconds") or 0), WINDOW_SECONDS_MAX)
    if window == 0 or end - cursor.next >= mapping.settings.get("BatchSize", 100):
        return False
    cursor.gathering_since = cursor.gathering_since or time.time()
    return time.time() - cursor.gathering_since < window


def send(harness: Harness, mapping: Mapping, cursor: Cursor) -> None:
    from ministack.services import lambda_svc

    batch = cursor.queue.pop(0)
    placed = records_of(mapping, batch)
    fitting = within_payload(placed)
    if len(fitting) < len(placed):
        rest = placed[len(fitting)][0]
        cursor.queue.insert(0, Batch(rest, batch.end))
        batch, placed = Batch(batch.start, rest, batch.tries), fitting
    if not placed:
        settle(mapping, batch.end, "OK")
        return
    records = [record for _, record in placed]
    newest = float(records[-1]["dynamodb"]["ApproximateCreationDateTime"])
    record_iterator_age(mapping.function_config["FunctionName"], newest, time.time())
    result = lambda_svc._execute_function(mapping.function, {"Records": records})
    failed_from = failed_position(mapping, placed, result)
    if failed_from is None:
        settle(mapping, batch.end, "OK")
        return
    log.warning(
        "batch %s..%s of %s failed from %s, try %s: %s",
        batch.start,
        batch.end,
        mapping.function_config["FunctionName"],
        failed_from,
        batch.tries + 1,
        (result.get("body") or {}).get("errorType", "partial") if isinstance(result.get("body"), dict) else "partial",
    )
    left = [(position, record) for position, record in placed if position >= failed_from]
    retry(harness, mapping, cursor, Batch(failed_from, batch.end, batch.tries), left, result)


def records_of(mapping: Mapping, batch: Batch) -> list[tuple[int, dict]]:
    """The records that match the mapping's filters, each with its position."""
    from ministack.services import dynamodb, lambda_svc

    start = max(batch.start, dynamodb.stream_start_position(mapping.table, **mapping.place))
    found = dynamodb.stream_records_since(mapping.table, start, batch.end - start, **mapping.place)
    kept = {id(record) for record in lambda_svc._apply_filter_criteria(found, mapping.settings)}
    return [(start + i, record) for i, record in enumerate(found) if id(record) in kept]


def within_payload(placed: list[tuple[int, dict]]) -> list[tuple[int, dict]]:
    size = 0
    for i, (_, record) in enumerate(placed):
        size += len(json.dumps(record))
        if i > 0 and size > PAYLOAD_BYTES_MAX:
            return placed[:i]
    return placed


def retry(
    harness: Harness,
    mapping: Mapping,
    cursor: Cursor,
    batch: Batch,
    left: list[tuple[int, dict]],
    result: dict,
) -> None:
    mapping.settings["LastProcessingResult"] = "PROBLEM: Function call failed"
    settings = mapping.settings
    condition = given_up(settings, batch, [record for _, record in left])
    splits = settings.get("BisectBatchOnFunctionError") and result.get("error") and len(left) > 1
    if splits and condition != "MaxRecordAgeExceeded":
        # A split does not count as a retry.
        middle = left[len(left) // 2][0]
        cursor.queue[:0] = [Batch(batch.start, middle, batch.tries), Batch(middle, batch.end, batch.tries)]
    elif condition is not None:
        put_aside(harness, mapping, [record for _, record in left], result, condition, batch.tries + 1)
        settle(mapping, batch.end, mapping.settings["LastProcessingResult"])
    else:
        cursor.queue.insert(0, Batch(batch.start, batch.end, batch.tries + 1))
        cursor.not_before = time.time() + min(0.02 * 2**batch.tries, RETRY_SECONDS_MAX)


def settle(mapping: Mapping, position: int, outcome: str) -> None:
    from ministack.services import lambda_svc

    lambda_svc._dynamodb_stream_positions[mapping.id] = position
    mapping.settings["LastProcessingResult"] = outcome
