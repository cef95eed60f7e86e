"""Installs every patch, in the order in which they build on each other."""

import athena_service
import cloudwatch_history
import control_path
import dynamodb_exports
import dynamodb_stream_labels
import dynamodb_stream_records
import firehose_deliveries
import firehose_parquet
import glue_catalog
import glue_partitions
import host_machine
import iam_checks
import iam_roles
import lambda_metrics
import lambda_workers
import other_accounts
import scheduler_rates
import sfn_athena
import sfn_limits
import sfn_state_faults
import stream_poller
from harness import Harness
from patching import require_version


def install(harness: Harness):
    """Returns the application that answers requests."""
    require_version()
    for module in (
        host_machine,
        lambda_workers,
        scheduler_rates,
        lambda_metrics,
        cloudwatch_history,
        dynamodb_stream_records,
        dynamodb_exports,
        dynamodb_stream_labels,
        stream_poller,
        firehose_parquet,
        firehose_deliveries,
        glue_partitions,
        glue_catalog,
        athena_service,
        sfn_athena,
        sfn_limits,
        sfn_state_faults,
        iam_checks,
        iam_roles,
        other_accounts,
    ):
        module.install(harness)
    return control_path.application(harness)
