"""The history of alarms.

On AWS the history of an alarm has an item for each action that its change of state has run ("DescribeAlarmHistory" in the
API reference); unpatched ministack publishes, and records the change of state alone.
"""

import json
import time

from patching import wrapped


def install(_harness):
    from ministack.services import cloudwatch

    @wrapped(cloudwatch, "_dispatch_alarm_actions")
    def dispatch(original, alarm, old_state, new_state, reason):
        original(alarm, old_state, new_state, reason)
        if not alarm.get("ActionsEnabled", True) or new_state != "ALARM":
            return
        for action in alarm.get("AlarmActions") or []:
            cloudwatch._history_entries().append(
                {
                    "AlarmName": alarm["AlarmName"],
                    "AlarmType": "MetricAlarm",
                    "Timestamp": cloudwatch._ts_iso(time.time()),
                    "HistoryItemType": "Action",
                    "HistorySummary": f"Successfully executed action {action}",
                    "HistoryData": json.dumps({"actionState": "Succeeded", "notificationResource": action}),
                }
            )
