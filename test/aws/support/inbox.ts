/** A subscriber of one of the lake's topics, as a person's queue. */
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

  /** Subscribes to the topic whose name has this word in it. */
  static async of(emulator: AwsEmulator, word: string): Promise<Inbox> {
    const sns = new SNSClient(emulator.client);
    const sqs = new SQSClient(emulator.client);
    const { Topics = [] } = await sns.send(new ListTopicsCommand({}));
    const topic = Topics.find(({ TopicArn }) => TopicArn?.includes(word));
    const { QueueUrl = "" } = await sqs.send(new CreateQueueCommand({ QueueName: `inbox-${word}` }));
    const queueArn = `arn:aws:sqs:us-east-1:000000000000:inbox-${word}`;
    const subscription = { TopicArn: topic?.TopicArn, Protocol: "sqs", Endpoint: queueArn };
    await sns.send(new SubscribeCommand({ ...subscription, Attributes: { RawMessageDelivery: "true" } }));
    sns.destroy();
    return new Inbox(sqs, QueueUrl);
  }

  /** The next message, parsed, or undefined where none is there. */
  async next(): Promise<unknown> {
    const { Messages } = await this.#sqs.send(new ReceiveMessageCommand({ QueueUrl: this.#url }));
    const message = Messages?.[0];
    if (message === undefined) return undefined;
    const handle = { QueueUrl: this.#url, ReceiptHandle: message.ReceiptHandle };
    await this.#sqs.send(new DeleteMessageCommand(handle));
    return JSON.parse(message.Body ?? "");
  }
}
