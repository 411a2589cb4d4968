import type { Close } from '../protocol/close-codes.ts';

/** One text frame, as a string or as its UTF-8 bytes. Bytes are copied before the call that takes them returns. */
export type Frame = string | Uint8Array;

/**
 * A client's socket as a room sees it; the gateway implements it. Promises: no call throws, also after the socket is
 * gone; frames reach the client in the order of the calls, whichever of `send`, `publishToOthers` and
 * `Transport.publish` made them, or not at all, and after a missing frame comes no other.
 */
export interface Connection {
  /** The server's own name of this socket, for logs; never shown to clients. */
  readonly id: string;
  /** The id under which the client takes part (`_pk`). Several connections may have carried it in turn. */
  readonly userId: string;
  /** Whether the client has asked for changes in place of whole states. */
  readonly takesPatches: boolean;
  subscribe(topic: string): void;
  send(frame: Frame): void;
  /** Sends to every subscriber of `topic` but this one. */
  publishToOthers(topic: string, frame: Frame): void;
  /** Sends a close frame behind the frames before it. Nothing is sent or received after. */
  close(close: Close): void;
}

/** Fan-out to all connections that subscribed to a topic. */
export interface Transport {
  publish(topic: string, frame: Frame): void;
  /** How many connections have subscribed to a topic. */
  subscribers(topic: string): number;
}
