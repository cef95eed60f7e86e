"""Rate-based schedules of EventBridge Scheduler.

On AWS a schedule without a start date invokes its target immediately and then at its rate ("Schedule types in
EventBridge Scheduler"); unpatched ministack waits for the first interval to pass.
"""

from ministack.services import scheduler

from patching import wrapped

LONG_AGO = 0.0


def install(_harness):
    @wrapped(scheduler, "_tick_schedules")
    def tick(original):
        for key, schedule in list(scheduler._schedules._data.items()):
            is_rate = str(schedule.get("ScheduleExpression", "")).startswith("rate(")
            if is_rate and schedule.get("StartDate") is None:
                scheduler._schedule_last_fired.setdefault(key, LONG_AGO)
        return original()
