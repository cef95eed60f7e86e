/** What is paid for by being there, counted in the templates: the model of costs says the same. */
import { describe, expect, test } from "@jest/globals";
import { Duration } from "aws-cdk-lib";
import { DEFAULT_LOAD } from "../../../src/core/cost/load.ts";
import {
  lakeWatching,
  sourceWatching,
  tableWatching,
  ticksPerMonth,
  watchingDollars,
} from "../../../src/core/cost/watching.ts";
import { deepTest } from "../../support/deep-test.ts";
import { example, makeExample } from "../example.ts";
import { resourceOf, resourcesOf, type TemplateJson } from "../support.ts";

function counts(template: TemplateJson): Readonly<Record<"alarms" | "dashboards" | "keys", number>> {
  const of = (type: string): number => resourcesOf(template, type).size;
  return {
    alarms: of("AWS::CloudWatch::Alarm"),
    dashboards: of("AWS::CloudWatch::Dashboard"),
    keys: of("AWS::KMS::Key"),
  };
}

function sum(
  one: ReturnType<typeof counts>,
  other: ReturnType<typeof counts>,
): Pick<ReturnType<typeof counts>, "alarms" | "dashboards" | "keys"> {
  return {
    alarms: one.alarms + other.alarms,
    dashboards: one.dashboards + other.dashboards,
    keys: one.keys + other.keys,
  };
}

describe("an idle lake costs what the model says, by its templates", () => {
  deepTest("the lake, with and without a key of its own", () => {
    for (const ownKey of [false, true]) {
      const { lake } = makeExample({}, ownKey ? { encryption: "kms" } : {});
      const said = lakeWatching({ ...DEFAULT_LOAD, ownKey });
      expect(said).toMatchObject(counts(lake));
      expect(watchingDollars(said)).toBeLessThanOrEqual(5);
      expect(resourcesOf(lake, "AWS::Scheduler::Schedule").size).toBe(1);
    }
  });

  deepTest("a source with one lake table", () => {
    for (const [compactEveryMinutes, compactEvery] of [
      [15, Duration.minutes(15)],
      [360, Duration.hours(6)],
      [720, Duration.hours(12)],
      [0, "never" as const],
    ] as const) {
      const { reviews } = makeExample({ compactEvery });
      const load = { ...DEFAULT_LOAD, compactEveryMinutes };
      const table = tableWatching(load);
      expect(sum(sourceWatching(load), table)).toEqual(counts(reviews));
      expect(watchingDollars(table)).toBeLessThanOrEqual(1);
    }
  });

  test("one schedule starts all, as often as the model says", () => {
    const { lake, reviews } = example();
    expect(resourceOf(lake, "AWS::Scheduler::Schedule").Properties.ScheduleExpression).toBe(
      "rate(15 minutes)",
    );
    expect(ticksPerMonth(DEFAULT_LOAD.compactEveryMinutes)).toBe(4 * 24 * 30);
    for (const type of ["AWS::Scheduler::Schedule", "AWS::Events::Rule"])
      expect(resourcesOf(reviews, type).size).toBe(0);
  });

  deepTest("without alarms and dashboard there are none", () => {
    const { lake, reviews } = makeExample({ alarms: "none" }, { alarms: "none", dashboard: "none" });
    const load = { ...DEFAULT_LOAD, alarms: false, dashboard: false };
    expect(lakeWatching(load)).toMatchObject(counts(lake));
    expect(sum(sourceWatching(load), tableWatching(load))).toEqual(counts(reviews));
  });
});
