"""Makes a state fail, by its name: a test can end a machine at any state. See StateFault in faults.py."""

import contextvars
import json

from faults import StateFault
from harness import Harness
from patching import wrapped

# (the execution, the name of the state) of the task that this thread runs.
task_at_hand: contextvars.ContextVar[tuple[dict, str] | None] = contextvars.ContextVar("task_at_hand", default=None)


class Aborted(Exception):
    """Not an _ExecutionError, so that no Retry and no Catch of a state applies."""


def install(harness: Harness) -> None:
    from ministack.services import stepfunctions

    def fault_of(execution: dict, state: str, when: str) -> StateFault | None:
        return harness.faults.state_fault(machine_of(execution), table_of(execution), state, when)

    def table_of(execution: dict) -> str | None:
        root = stepfunctions._executions.get(root_of(execution)) or execution
        given = json.loads(root.get("input") or "{}")
        return given.get("table") if isinstance(given, dict) else None

    def strike(fault: StateFault, execution: dict) -> None:
        if fault.how == "abort":
            root = root_of(execution)
            stepfunctions._stop_execution({"executionArn": root, "error": fault.error, "cause": fault.cause})
            raise Aborted(fault.cause)
        raise stepfunctions._ExecutionError(fault.error, fault.cause)

    def root_of(execution: dict) -> str:
        """The execution that a child of a Distributed Map belongs to."""
        run = stepfunctions._map_runs.get(execution.get("mapRunArn"))
        return run["executionArn"] if run else execution["executionArn"]

    def require_running(execution: dict) -> None:
        root = stepfunctions._executions.get(root_of(execution))
        if root is not None and root["status"] == "ABORTED":
            raise Aborted("the execution was stopped")

    @wrapped(stepfunctions, "_execute_task")
    def execute_task(original, definition, given, execution, context):
        require_running(execution)
        token = task_at_hand.set((execution, context["State"]["Name"]))
        try:
            return original(definition, given, execution, context)
        finally:
            task_at_hand.reset(token)

    @wrapped(stepfunctions, "_invoke_resource")
    def invoke(original, resource, given):
        """Inside the state's own Retry and Catch."""
        task = task_at_hand.get()
        if task is None:
            return original(resource, given)
        execution, state = task
        fault = fault_of(execution, state, "before")
        if fault is not None:
            strike(fault, execution)
        answer = original(resource, given)
        fault = fault_of(execution, state, "after")
        if fault is not None:
            strike(fault, execution)
        return answer

    for name in ("_run_map_items", "_run_parallel_branches"):
        install_group_faults(stepfunctions, name, fault_of, strike, require_running)
    for name in ("_execute_pass", "_execute_choice", "_execute_wait"):
        install_plain_faults(stepfunctions, name, fault_of, strike)


def machine_of(execution: dict) -> str:
    """arn:aws:states:region:account:stateMachine:NAME, with /LABEL for the children of a Distributed Map."""
    return execution["stateMachineArn"].split(":")[6].split("/")[0]


def install_group_faults(stepfunctions, name: str, fault_of, strike, require_running) -> None:
    """Map and Parallel, also inside their own Retry and Catch."""

    @wrapped(stepfunctions, name)
    def run(original, definition, given, execution, context):
        require_running(execution)
        state = context["State"]["Name"]
        fault = fault_of(execution, state, "before")
        if fault is not None:
            strike(fault, execution)
        answer = original(definition, given, execution, context)
        require_running(execution)
        fault = fault_of(execution, state, "after")
        if fault is not None:
            strike(fault, execution)
        return answer


def install_plain_faults(stepfunctions, name: str, fault_of, strike) -> None:
    """Pass, Choice and Wait, which receive the ARN of the execution in place of the execution."""

    @wrapped(stepfunctions, name)
    def execute(original, definition, given, context=None):
        execution = stepfunctions._executions.get(((context or {}).get("Execution") or {}).get("Id"))
        state = ((context or {}).get("State") or {}).get("Name")
        for when in ("before", "after"):
            fault = fault_of(execution, state, when) if execution and state else None
            if fault is not None:
                strike(fault, execution)
            if when == "before":
                answer = original(definition, given, context)
        return answer
