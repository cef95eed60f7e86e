/** The stacks of the example. */
import { LakeStack, type LakeStackProps } from "../../infra/lake-stack.ts";
import { ReviewsStack, type ReviewsStackProps } from "../../infra/reviews-stack.ts";
import { once, reviewsSchema, type TemplateJson, templateOf, testApp } from "./support.ts";

export interface Example {
  readonly lake: TemplateJson;
  readonly reviews: TemplateJson;
}

type Options = Omit<ReviewsStackProps, "lake" | "schemaFile">;

export function makeExample(options: Options = {}, lakeProps: LakeStackProps = {}): Example {
  const app = testApp();
  const lakeStack = new LakeStack(app, "DynalakeLake", lakeProps);
  const reviewsStack = new ReviewsStack(app, "DynalakeReviews", {
    lake: lakeStack.lake,
    schemaFile: reviewsSchema,
    ...options,
  });
  return { lake: templateOf(lakeStack), reviews: templateOf(reviewsStack) };
}

/** The example with its defaults. */
export const example: () => Example = once(() => makeExample());
