/** A message to a twin. Its `messageId` stays the same however often it is sent: only one of them counts. */
export interface Outgoing {
  readonly id: string;
  readonly message: object;
  readonly messageId: string;
}

/** A message and its time in the recording or the simulation, in milliseconds. */
export interface TimedMessage extends Outgoing {
  readonly atMs: number;
}

/** The body of a request: a line of JSON for each message. */
export function ndjsonOf(messages: readonly Outgoing[]): string {
  return messages
    .map(({ id, message, messageId }) => JSON.stringify({ id, message, messageId }))
    .join("\n");
}
