import { AiRoom, type AiRoomOptions } from './ai-room.ts';
import { sdp } from './scripted-sfu.ts';
import type { Frame, TestClient } from './test-client.ts';

/** What a browser offers that wants to talk and to listen; the SFU's answer is told from it. */
export const OFFER = sdp('0').replace('o=- 1 2', 'o=- 7 8');
export const ANSWER = sdp('0');

export const error = (code: string, text: string): Frame => ({ type: 'error', error: text, code });
export const FAILED = error('ai_connection_failed', 'Your connection to the AI could not be opened');
export const NO_AI = error('ai_not_active', 'There is no AI in this room');

export const connect = (client: TestClient, offer = OFFER): void =>
  client.send({ type: 'establishAiPeerConnection', sdp: offer });

/** Connects somebody to the AI, and waits until its voice comes. */
export async function connected(room: AiRoom, client: TestClient): Promise<void> {
  const before = room.sfu.of('tracks/new').length;
  connect(client);
  await room.sfu.asked('tracks/new', before + 2);
  await client.settle();
}

/** A room with an AI, whose session is the first, and Alice, who has seen all that. */
export async function withAi(options?: AiRoomOptions): Promise<AiRoom> {
  const room = await AiRoom.active(options);
  await room.alice.settle();
  return room;
}

/** What a client was told of its connection, in order. */
export const told = (client: TestClient): readonly Frame[] =>
  client.frames.filter(({ type }) => type === 'aiSdp' || type === 'error');
