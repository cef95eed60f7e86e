"""Athena's API over `athena_sql.py`, in place of DuckDB, which unpatched ministack uses.

- On AWS a client request token makes a start idempotent; unpatched ministack starts a second query.
- On AWS starting a statement that is too long or cannot be parsed is an error; in unpatched ministack the query fails.
- On AWS an unknown work group is an error, and one that enforces its settings overrides those of the client.
- On AWS results are in <output location>/<id>.csv with every value quoted, and an UNLOAD writes a list of its files
  there; unpatched ministack creates a folder.
- On AWS queries read and write with the caller's permissions; unpatched ministack checks none (see iam_athena.py).
- Stopping a query stops it in Trino, too.
"""

import asyncio
import contextvars
import io
import json
import logging
import re
import time

import athena_sql
import iam_athena
import s3_objects
import trino_client
from harness import Harness
from patching import wrapped

log = logging.getLogger("dynalake")

STATEMENT_BYTES_MAX = 262_144
TOKEN_LENGTHS = (32, 128)

query_id_at_hand: contextvars.ContextVar[str | None] = contextvars.ContextVar("query_id", default=None)


def install(harness: Harness) -> None:
    from ministack.services import athena

    athena._duckdb_available = True
    athena.ATHENA_ENGINE = "duckdb"
    addresses: dict[str, str] = {}
    install_start(harness, athena)
    install_results(athena)

    @wrapped(athena, "_run_duckdb")
    async def run(original, sql, database, catalog=None):
        query_id = query_id_at_hand.get()
        execution = athena._executions[query_id]

        def on_next(address: str) -> None:
            addresses[query_id] = address
            if execution["Status"]["State"] == "CANCELLED":
                trino_client.cancel(address)
                raise trino_client.TrinoError("USER_CANCELED", "Query was cancelled by user")

        def work() -> athena_sql.Outcome:
            iam_athena.require(harness, execution, sql, database)
            return athena_sql.run(harness.trino.url, sql, database or "default", on_next)

        begun = time.time()
        try:
            outcome = await asyncio.to_thread(work)
        except trino_client.TrinoError as error:
            execution["_failure"] = error
            log.warning("statement failed after %.2f s: %s\n%s", time.time() - begun, error, sql[:2000])
            raise
        finally:
            addresses.pop(query_id, None)
        log.info("statement took %.2f s: %s", time.time() - begun, " ".join(sql.split())[:200])
        execution["_outcome"] = outcome
        return {"columns": outcome.columns, "column_types": outcome.column_types, "rows": outcome.rows}

    @wrapped(athena, "_execute_query")
    async def execute(original, query_id, *arguments):
        query_id_at_hand.set(query_id)
        await original(query_id, *arguments)
        execution = athena._executions.get(query_id)
        if execution is None:
            return
        outcome, failure = execution.get("_outcome"), execution.get("_failure")
        status = execution["Status"]
        if execution.get("_stopped"):
            status.update(State="CANCELLED", StateChangeReason="Query was cancelled by user")
        elif outcome is not None:
            execution["Statistics"]["DataScannedInBytes"] = outcome.scanned_bytes
        elif failure is not None:
            category = 2 if failure.by_user else 1
            status["AthenaError"] = {"ErrorCategory": category, "Retryable": False, "ErrorMessage": str(failure)}

    @wrapped(athena, "_stop_query_execution")
    def stop(original, data):
        query_id = data.get("QueryExecutionId")
        execution = athena._executions.get(query_id)
        if execution is not None and execution["Status"]["State"] in ("QUEUED", "RUNNING"):
            execution["_stopped"] = True
        return original(data)


def install_start(harness: Harness, athena) -> None:
    from ministack.core.responses import error_response_json, get_account_id, get_region, json_response

    started: dict[tuple, tuple[dict, str]] = {}

    def refused(message: str, **extra):
        return error_response_json("InvalidRequestException", message, 400, **extra)

    @wrapped(athena, "_start_query_execution")
    def start(original, data):
        sql, token = data.get("QueryString", ""), data.get("ClientRequestToken")
        if len(sql.encode()) > STATEMENT_BYTES_MAX:
            return refused(constraint("queryString", f"length less than or equal to {STATEMENT_BYTES_MAX}"))
        if token is not None and not TOKEN_LENGTHS[0] <= len(token) <= TOKEN_LENGTHS[1]:
            lengths = f"length between {TOKEN_LENGTHS[0]} and {TOKEN_LENGTHS[1]}"
            return refused(constraint("clientRequestToken", lengths))
        athena._ensure_default_workgroup()
        group = athena._workgroups.get(data.get("WorkGroup", "primary"))
        if group is None:
            return refused(f"WorkGroup {data.get('WorkGroup')} is not found.")
        asked = {name: value for name, value in data.items() if name != "ClientRequestToken"}
        place = (get_account_id(), get_region(), token)
        if token is not None and place in started:
            known, query_id = started[place]
            if known != asked:
                return refused("Idempotent parameters do not match")
            return json_response({"QueryExecutionId": query_id})
        enforces = group.get("Configuration", {}).get("EnforceWorkGroupConfiguration") is True
        request = {name: value for name, value in asked.items() if not (enforces and name == "ResultConfiguration")}
        status, headers, body = original(request)
        if status == 200:
            query_id = json.loads(body)["QueryExecutionId"]
            execution = athena._executions[query_id]
            execution["_caller"] = iam_athena.caller()
            location = execution["ResultConfiguration"]["OutputLocation"].removesuffix(f"{query_id}.csv")
            execution["ResultConfiguration"]["OutputLocation"] = f"{location.rstrip('/')}/{query_id}.csv"
            if token is not None:
                started[place] = (asked, query_id)
        return status, headers, body

    @wrapped(athena, "handle_request")
    async def handle(original, method, path, headers, body, query):
        action = headers.get("x-amz-target", "").split(".")[-1]
        if action == "StartQueryExecution" and harness.trino.is_ready():
            said = await asyncio.to_thread(syntax_error, harness, athena, body)
            if said is not None:
                return refused(said, extra={"AthenaErrorCode": "MALFORMED_QUERY"})
        return await original(method, path, headers, body, query)


def syntax_error(harness: Harness, athena, body: bytes) -> str | None:
    data = json.loads(body or b"{}")
    sql = data.get("QueryString", "")
    if len(sql.encode()) > STATEMENT_BYTES_MAX or athena._parse_ddl(sql) is not None:
        return None
    database = (data.get("QueryExecutionContext") or {}).get("Database", "default")
    return athena_sql.check_syntax(harness.trino.url, sql, database)


def constraint(place: str, rule: str) -> str:
    return f"1 validation error detected: Value at '{place}' failed to satisfy constraint: Member must have {rule}"


def install_results(athena) -> None:
    from ministack.core.responses import json_response

    @wrapped(athena, "_detect_statement_type")
    def statement_type(original, sql):
        first = re.match(r"\s*(\w+)", sql)
        return "DML" if first and first[1].lower() in ("unload", "values", "table") else original(sql)

    @wrapped(athena, "_get_query_results")
    def results(original, data):
        status, headers, body = original(data)
        outcome = athena._executions.get(data.get("QueryExecutionId"), {}).get("_outcome")
        if status != 200 or outcome is None or outcome.written_rows is None:
            return status, headers, body
        return json_response({**json.loads(body), "UpdateCount": outcome.written_rows})

    @wrapped(athena, "_save_query_results")
    async def save(original, query_id):
        execution = athena._executions[query_id]
        # ministack says SUCCEEDED before it saves the results. A caller may read them as soon as it sees that.
        status, ended = execution["Status"], execution["Status"]["State"]
        status["State"] = "RUNNING"
        await asyncio.to_thread(save_results, execution, execution.get("_outcome"))
        status["State"] = ended


def save_results(execution: dict, outcome: athena_sql.Outcome | None) -> None:
    bucket, key = s3_objects.split(execution["ResultConfiguration"]["OutputLocation"])
    if outcome is not None and outcome.written_to is not None:
        target, folder = s3_objects.split(outcome.written_to)
        files = "".join(f"s3://{target}/{name}\n" for name in s3_objects.keys_below(target, folder))
        manifest = key.removesuffix(".csv") + "-manifest.csv"
        s3_objects.put(bucket, manifest, files.encode())
        execution["Statistics"]["DataManifestLocation"] = f"s3://{bucket}/{manifest}"
        return
    results = execution["_results"]
    s3_objects.put(bucket, key, csv([results["columns"], *results["rows"]]).encode())


def csv(rows: list[list]) -> str:
    out = io.StringIO()
    for row in rows:
        if row:
            out.write(",".join("" if v is None else '"' + str(v).replace('"', '""') + '"' for v in row) + "\n")
    return out.getvalue()
