/** A queue subscribed to one of the lake's topics. */
import { randomUUID } from "node:crypto";
import { ListTopicsCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import type { AwsEmulator } from "./emulator.ts";

export class Inbox {
  readonly #sqs: SQSClient;
  readonly #url: string;

  private constructor(sqs: SQSClient, url: string) {
    this.#sqs = sqs;
    this.#url = url;
  }

  /** Subscribes to the stack's topic whose name contains this word. */
  static async of(emulator: AwsEmulator, stack: string, word: string): Promise<Inbox> {
    const sns = new SNSClient(emulator.client);
    const sqs = new SQSClient(emulator.client);
    const { Topics = [] } = await sns.send(new ListTopicsCommand({}));
    const topic = Topics.find(({ TopicArn }) => TopicArn?.includes(`:${stack}-`) && TopicArn.includes(word));
    const QueueName = `inbox-${randomUUID()}`;
    const queueArn = `arn:aws:sqs:us-east-1:000000000000:${QueueName}`;
    const statement = {
      ...{ Effect: "Allow", Principal: { Service: "sns.amazonaws.com" } },
      ...{ Action: "sqs:SendMessage", Resource: queueArn },
    };
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
    const { QueueUrl = "" } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes: { Policy } }));
    const subscription = { TopicArn: topic?.TopicArn, Protocol: "sqs", Endpoint: queueArn };
    await sns.send(new SubscribeCommand({ ...subscription, Attributes: { RawMessageDelivery: "true" } }));
    sns.destroy();
    return new Inbox(sqs, QueueUrl);
  }

  /** The next message about the table, parsed, or undefined if there is none. Other messages are dropped. */
  async next(table: string): Promise<unknown> {
    const { Messages } = await this.#sqs.send(new ReceiveMessageCommand({ QueueUrl: this.#url }));
    const message = Messages?.[0];
    if (message === undefined) return undefined;
    const handle = { QueueUrl: this.#url, ReceiptHandle: message.ReceiptHandle };
    await this.#sqs.send(new DeleteMessageCommand(handle));
    const told = JSON.parse(message.Body ?? "") as Told;
    const { table: named = tableIn(told.detail?.input) } = told;
    return named === table ? told : this.next(table);
  }
}

/** What a machine publishes, or EventBridge's event of an execution. */
interface Told {
  readonly table?: unknown;
  readonly detail?: { readonly input?: string };
}

function tableIn(input = "{}"): unknown {
  return (JSON.parse(input) as { readonly table?: unknown }).table;
}
