/** A way to a port of this machine that can go silent: connections stay open, and nothing comes through any more. */
import { connect, createServer } from "node:net";
import type { Socket } from "node:net";

export interface Relay {
  readonly port: number;
  /** Nothing comes through from now on, in any connection. */
  silence(): void;
  /** New connections work again; those that were open stay silent. */
  heal(): void;
  close(): Promise<void>;
}

export async function openRelay(to: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  const mute = new Set<Socket>();
  let isSilent = false;
  const pass = (from: Socket, into: Socket): void => {
    from.on("data", (data) => {
      if (!mute.has(from)) into.write(data);
    });
    from.on("error", () => undefined);
    from.on("close", () => into.destroy());
  };
  const server = createServer((near) => {
    const far = connect(to, "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket);
      if (isSilent) mute.add(socket);
    }
    pass(near, far);
    pass(far, near);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    port: (server.address() as { port: number }).port,
    silence: () => {
      isSilent = true;
      for (const socket of sockets) mute.add(socket);
    },
    heal: () => (isSilent = false),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}
