import type { Logger } from 'pino';
import type { AiSession } from '../../machines/room.context.ts';
import type { RoomEffect } from '../../machines/room.events.ts';
import { AppError } from '../errors.ts';
import { aiSdpFrame, errorFrame } from '../protocol/codec.ts';
import type { Voice } from '../voice/voice.ts';
import type { Connection, Frame } from './connection.ts';

/**
 * The users of one room who have asked for a connection of their own to the AI. Its end with the AI is the voice's affair;
 * its end with the user, and what the user is told, is the room's. [H17]
 */
export class AiConnections {
  readonly #voice: Pick<Voice, 'connect' | 'disconnect'>;
  readonly #log: Logger;
  readonly #tell: (connection: Connection, frame: Frame) => void;
  /** To which AI each user has asked to be connected. */
  readonly #sessions = new Map<string, AiSession>();
  /** The latest offer of each user that was answered; offers are counted. */
  readonly #answered = new Map<string, number>();
  #offers = 0;

  constructor(
    voice: Pick<Voice, 'connect' | 'disconnect'>,
    log: Logger,
    tell: (connection: Connection, frame: Frame) => void,
  ) {
    this.#voice = voice;
    this.#log = log;
    this.#tell = tell;
  }

  /** @param asker - who is told how it goes: the page behind that connection has made the offer */
  request(
    { by, session, offer }: Extract<RoomEffect, { type: 'ai.connection.requested' }>,
    asker: Connection | null,
  ): void {
    if (asker === null) return;
    this.#sessions.set(by, session);
    this.#offers += 1;
    const offerNumber = this.#offers;
    const onAnswer = (sdp: string): void => {
      this.#answered.set(by, offerNumber);
      this.#tell(asker, aiSdpFrame(sdp));
    };
    void this.#voice.connect({ session, by, offer }, onAnswer).catch((error: unknown) => {
      const code = error instanceof AppError ? error.code : 'ai_connection_failed';
      const level = code === 'ai_connection_failed' ? 'warn' : 'debug';
      this.#log[level]({ err: error, userId: by }, 'no connection to the AI');
      // Of two offers it is the newer one whose end matters.
      const isOutdated = (this.#answered.get(by) ?? 0) > offerNumber;
      if (code !== 'replaced' && !isOutdated) this.#tell(asker, errorFrame(code));
    });
  }

  departed(id: string): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    this.#sessions.delete(id);
    this.#answered.delete(id);
    this.#voice.disconnect(session, id);
  }
}
