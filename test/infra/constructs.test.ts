/**
 * The constructs. All tests that synthesize are parts of this one file: CDK takes seconds to load and to warm up, and jest loads
 * it anew for each file. `-t` chooses some of them by their names.
 */
import { useFolder } from "./support.ts";
import "./constructs/bad-configuration.ts";
import "./constructs/bundle.ts";
import "./constructs/contracts.ts";
import "./constructs/delivery.ts";
import "./constructs/deployment.ts";
import "./constructs/foreign-app.ts";
import "./constructs/foreign-table.ts";
import "./constructs/idle-cost.ts";
import "./constructs/kept-deployment.ts";
import "./constructs/lake.ts";
import "./constructs/lake-formation.ts";
import "./constructs/lake-tables.ts";
import "./constructs/machines.ts";
import "./constructs/nag.ts";
import "./constructs/permissions.ts";
import "./constructs/schedules-and-alarms.ts";
import "./constructs/sizes.ts";
import "./constructs/templates.ts";

useFolder();
