/** Sends news of findings while a run goes on, at most one message a minute. Whatever fails, the run never does. */
import type { LakeFinding } from "../console/api.ts";
import type { Timing } from "../sdk/timing.ts";
import { type FindingsMessage, findingsMessage } from "./findings-message.ts";
import { findingsNews, type ToldFindings } from "./told-findings.ts";

/** Where findings go. */
export interface FindingsReceiver {
  /** For messages: "the webhook". */
  readonly name: string;
  /** Bounded in time, and ended by the signal. Rejects with an Error whose message holds no secret. */
  send(message: FindingsMessage, stop: AbortSignal): Promise<void>;
}

export interface SenderOptions {
  readonly receiver: FindingsReceiver;
  readonly findings: () => Promise<readonly LakeFinding[]>;
  readonly lake: string;
  readonly host: string;
  readonly timing: Timing;
  /** Called for the first of several failures in a row. */
  readonly onFailure: (why: string) => void;
}

const LOOK_MS = 60_000;

export class FindingsSender {
  readonly #options: SenderOptions;
  #told: ToldFindings = new Map();
  #hasFailed = false;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** Looks once a minute until it is stopped. Never rejects. */
  async keepLooking(stop: AbortSignal): Promise<void> {
    for (;;) {
      await this.#options.timing.sleep(LOOK_MS, stop);
      if (stop.aborted) return;
      await this.look(stop);
    }
  }

  /** Sends what is new. What could not be sent is new again the next time. Never rejects. */
  async look(stop: AbortSignal): Promise<void> {
    const { receiver, findings, lake, host, timing, onFailure } = this.#options;
    try {
      const nowMs = timing.nowMs();
      const news = findingsNews(this.#told, await findings(), Math.floor(nowMs / 1000));
      if (news.findings.length + news.resolved.length > 0)
        await receiver.send(findingsMessage(news, { lake, host, nowMs }), stop);
      this.#told = news.told; // breakage: unsent-findings-stay-new
      this.#hasFailed = false;
    } catch (error) {
      if (stop.aborted) return;
      const why = error instanceof Error ? error.message : String(error);
      if (!this.#hasFailed) onFailure(`${receiver.name}: ${why}`);
      this.#hasFailed = true;
    }
  }
}
