import type { Logger } from 'pino';
import type { RoomEffect } from '../../machines/room.events.ts';
import { TIMED_OUT, USER_LEFT } from '../protocol/close-codes.ts';
import { directMessageFrame, errorFrame, MUTE_MIC_FRAME, userLeftFrame } from '../protocol/codec.ts';
import type { AiConnections } from './ai-connections.ts';
import type { Frame } from './connection.ts';
import type { Members } from './members.ts';
import type { RoomChannel } from './room-channel.ts';

/** The effects that become frames to somebody; the others are the host's own affair. */
export type SentEffect = Exclude<
  RoomEffect,
  { type: 'room.changed' } | { type: 'meeting.started' } | { type: 'meeting.ended' }
>;

/** Sends the frames of a room's effects, all but the state, to those they are for. */
export class RoomSender {
  readonly #channel: RoomChannel;
  readonly #members: Members;
  readonly #connections: AiConnections;
  readonly #flush: () => void;
  readonly #log: Logger;

  /** @param flush - sends the state that waits, which no frame may overtake */
  constructor(
    channel: RoomChannel,
    members: Members,
    connections: AiConnections,
    flush: () => void,
    log: Logger,
  ) {
    this.#flush = flush;
    this.#channel = channel;
    this.#members = members;
    this.#connections = connections;
    this.#log = log;
  }

  carryOut(effect: SentEffect): void {
    switch (effect.type) {
      case 'user.departed':
        return this.#depart(effect);
      case 'user.muted':
        return this.#sendToUser(effect.id, MUTE_MIC_FRAME);
      case 'message.directed':
        return this.#deliver(effect);
      case 'message.relayed':
        return this.#relay(effect);
      case 'ai.connection.requested':
        return this.#connections.request(effect, this.#members.connectionOf(effect.by));
      case 'request.refused':
        // It may come of a service, at any time.
        this.#flush();
        return this.#sendToUser(effect.to, errorFrame(effect.code));
    }
  }

  /** Tells the others, then ends the leaver's connection. One who timed out is told too, as recorded. [H9] */
  #depart({ id, reason }: Extract<RoomEffect, { type: 'user.departed' }>): void {
    const connection = this.#members.connectionOf(id);
    const frame = userLeftFrame(id);
    this.#connections.departed(id);
    if (reason === 'left' && connection !== null) this.#channel.publishToOthers(connection, frame);
    else this.#channel.publish(frame);
    // Only now: if the announcement fails, the room ends, and the leaver's connection with the others.
    this.#members.remove(id);
    connection?.close(reason === 'left' ? USER_LEFT : TIMED_OUT);
    this.#log.info({ userId: id, reason, users: this.#members.size }, 'user left');
  }

  /** To the target alone; the sender hears nothing, unless there is nobody to hear the message. [H14] */
  #deliver({ by, to, from, messageJson }: Extract<RoomEffect, { type: 'message.directed' }>): void {
    const target = this.#members.connectionOf(to);
    if (target === null) this.#sendToUser(by, errorFrame('user_away'));
    else target.send(directMessageFrame(from, messageJson));
  }

  #relay({ from, frame }: Extract<RoomEffect, { type: 'message.relayed' }>): void {
    const connection = this.#members.connectionOf(from);
    if (connection !== null) this.#channel.publishToOthers(connection, frame);
  }

  #sendToUser(id: string, frame: Frame): void {
    this.#members.connectionOf(id)?.send(frame);
  }
}
