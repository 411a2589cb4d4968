import type { Logger } from 'pino';
import type { RoomEffect } from '../../machines/room.events.ts';
import { TIMED_OUT, USER_LEFT } from '../protocol/close-codes.ts';
import { directMessageFrame, errorFrame, MUTE_MIC_FRAME, userLeftFrame } from '../protocol/codec.ts';
import type { Frame, Transport } from './connection.ts';
import type { Members } from './members.ts';

/** The effects that are frames to somebody; the others are the host's own affair. */
export type SentEffect = Exclude<
  RoomEffect,
  {
    type: 'room.changed' | 'meeting.started' | 'meeting.ended' | 'ai.connection.requested';
  }
>;

/** Sends the frames of a room's effects, all but the state, to those they are for. */
export class RoomSender {
  readonly #topic: string;
  readonly #members: Members;
  readonly #transport: Transport;
  readonly #log: Logger;

  constructor(topic: string, members: Members, transport: Transport, log: Logger) {
    this.#topic = topic;
    this.#members = members;
    this.#transport = transport;
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
        return this.#members.connectionOf(effect.from)?.publishToOthers(this.#topic, effect.frame);
      case 'request.refused':
        return this.#sendToUser(effect.to, errorFrame(effect.code));
    }
  }

  /** Tells the others, then ends the leaver's connection. One who timed out is told too, as recorded. [H9] */
  #depart({ id, reason }: Extract<RoomEffect, { type: 'user.departed' }>): void {
    const connection = this.#members.connectionOf(id);
    const frame = userLeftFrame(id);
    if (reason === 'left' && connection !== null) connection.publishToOthers(this.#topic, frame);
    else this.#transport.publish(this.#topic, frame);
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

  #sendToUser(id: string, frame: Frame): void {
    this.#members.connectionOf(id)?.send(frame);
  }
}
