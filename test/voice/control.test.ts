import { describe, expect, test } from 'vitest';
import { AiRoom, Held, stateOf } from '../support/ai-room.ts';
import { cut } from '../support/scripted-openai.ts';
import { answer, type SfuHandler } from '../support/scripted-sfu.ts';
import { loginCookie } from '../support/server.ts';
import { SfuClient } from '../support/sfu-client.ts';
import type { TestClient } from '../support/test-client.ts';
import { until } from '../support/until.ts';

/** Somebody who publishes a microphone. */
type Speaker = { readonly client: TestClient; readonly track: { sessionId: string; trackName: string } };

async function speaker(room: AiRoom, id: string, name: string, client?: TestClient): Promise<Speaker> {
  const sfu = new SfuClient(room.server, { cookie: loginCookie(name) });
  const joined = client ?? (await room.server.connect({ id, name }));
  await joined.settle();
  const sessionId = await sfu.open();
  const trackName = `mic-${id}`;
  expect((await sfu.push(sessionId, trackName)).status).toBe(200);
  return { client: joined, track: { sessionId, trackName } };
}

/** A room with an AI, and Alice and Bob, who publish. The AI's session is the first. */
async function withSpeakers(): Promise<{
  room: AiRoom;
  alice: Speaker;
  bob: Speaker;
  asked: () => unknown[];
}> {
  const room = await AiRoom.active();
  const alice = await speaker(room, 'a', 'alice', room.alice);
  const bob = await speaker(room, 'b', 'bob');
  const before = room.sfu.of('tracks/new').length;
  const asked = (): unknown[] =>
    room.sfu
      .of('tracks/new')
      .slice(before)
      .map(({ path, query, body }) => ({ path, query, body: JSON.parse(body) as unknown }));
  return { room, alice, bob, asked };
}

const request = ({ client, track }: Speaker): void => client.send({ type: 'requestAiControl', track });
const controller = (client: TestClient): string | undefined => stateOf(client).ai.controllingUser;

/** What the SFU is to be asked when somebody's microphone goes to the AI. */
const feed = (room: AiRoom, { track }: Speaker) => ({
  path: '/v1/apps/lab-app-id/sessions/session-1/tracks/new',
  query: `?correlationId=${room.state.meetingId}`,
  body: { tracks: [{ location: 'remote', ...track, mid: '#ai-generated-voice', kind: 'audio' }] },
});

test("[V8] one's own track is put onto the AI's m-line, and everybody sees who talks", async () => {
  const { room, alice, bob, asked } = await withSpeakers();
  request(alice);
  await until(() => controller(bob.client) === 'a');
  expect(asked()).toEqual([feed(room, alice)]);
  expect(stateOf(bob.client).ai).toEqual({
    enabled: true,
    controllingUser: 'a',
    connectionPending: false,
  });
});

test('[V8] the next speaker takes the same m-line', async () => {
  const { room, alice, bob, asked } = await withSpeakers();
  request(alice);
  await until(() => controller(bob.client) === 'a');
  alice.client.send({ type: 'relenquishAiControl' });
  await until(() => controller(bob.client) === undefined);
  request(bob);
  await until(() => controller(alice.client) === 'b');
  expect(asked()).toEqual([feed(room, alice), feed(room, bob)]);
});

test('[V8] [R28] who leaves gives the control back', async () => {
  const { alice, bob } = await withSpeakers();
  request(alice);
  await until(() => controller(bob.client) === 'a');
  alice.client.send({ type: 'userLeft' });
  await until(() => controller(bob.client) === undefined);
  expect(stateOf(bob.client).ai).toEqual({ enabled: true, connectionPending: false });
  request(bob);
  await until(() => controller(bob.client) === 'b');
});

test('[V8] a slow answer for one speaker does not overtake the next one', async () => {
  const { room, alice, bob, asked } = await withSpeakers();
  const held = new Held(room.sfu.usual);
  room.sfu.next('tracks/new', held.handler);
  request(alice);
  await held.arrived();
  alice.client.send({ type: 'relenquishAiControl' });
  await alice.client.settle();
  request(bob);
  await bob.client.settle();
  expect(asked()).toEqual([feed(room, alice)]);
  held.release();
  await until(() => controller(alice.client) === 'b');
  expect(asked()).toEqual([feed(room, alice), feed(room, bob)]);
});

describe('what goes to nobody', () => {
  const FOREIGN: readonly (readonly [string, (alice: Speaker, bob: Speaker) => Speaker['track']])[] = [
    ["another's track", (_, bob) => bob.track],
    ["an unknown track of one's own session", (alice) => ({ ...alice.track, trackName: 'nothing' })],
    ['an unknown session', () => ({ sessionId: 'session-77', trackName: 'mic-a' })],
    [
      "another's session with one's own name",
      (alice, bob) => ({ ...alice.track, sessionId: bob.track.sessionId }),
    ],
    ["the AI's own voice", () => ({ sessionId: 'session-1', trackName: 'ai-generated-voice' })],
  ];

  test.each(FOREIGN)('[V8] %s is refused, and the SFU is not asked', async (_, pick) => {
    const { alice, bob, asked } = await withSpeakers();
    alice.client.take();
    request({ client: alice.client, track: pick(alice, bob) });
    await alice.client.settle();
    expect(alice.client.frames).toEqual([
      { type: 'error', error: 'You do not send this track', code: 'track_not_yours' },
    ]);
    await bob.client.settle();
    expect([asked(), controller(bob.client)]).toEqual([[], undefined]);
  });
});

describe('what the SFU does not take', () => {
  const FAULTS: readonly (readonly [string, SfuHandler])[] = [
    ['an error of the track', answer(200, { tracks: [{ errorCode: 'not_found_track_error' }] })],
    ['an error of the whole', answer(200, { errorCode: 'session_error' })],
    ['no track', answer(200, { tracks: [] })],
    ['410', answer(410, { errorCode: 'session_error' })],
    ['500', answer(500, { errorCode: 'internal_error' })],
    ['a cut', cut],
  ];

  test.each(FAULTS)(
    '[V8] [R25] %s: the requester is told, nobody else, and may ask again',
    async (_, fault) => {
      const { room, alice, bob } = await withSpeakers();
      room.sfu.next('tracks/new', fault);
      alice.client.take();
      bob.client.take();
      request(alice);
      expect(await alice.client.waitFor(({ type }) => type === 'error')).toEqual({
        type: 'error',
        error: 'Your audio could not be connected to the AI',
        code: 'ai_control_failed',
      });
      await bob.client.settle();
      expect(bob.client.frames.filter(({ type }) => type === 'error')).toEqual([]);
      request(alice);
      await alice.client.waitFor((frame) => frame.type === 'roomState' && controller(alice.client) === 'a');
    },
  );

  test('[V8] [R25] no answer for ten seconds: the requester is told', async () => {
    const { room, alice } = await withSpeakers();
    const held = new Held(room.sfu.usual);
    room.sfu.next('tracks/new', held.handler);
    request(alice);
    await held.arrived();
    room.clock.advance(10_000);
    expect(await alice.client.waitFor(({ type }) => type === 'error')).toMatchObject({
      code: 'ai_control_failed',
    });
    held.release();
    await alice.client.settle();
    expect(controller(alice.client)).toBeUndefined();
  });
});
