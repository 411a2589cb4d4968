import { describe, expect, test } from 'vitest';
import type { Policy, Role } from '../../src/identity/authorize.ts';
import type { ClientMessageType } from '../../src/protocol/messages.ts';
import { CountingVoice } from '../support/counting-voice.ts';
import { endOfTurn } from '../support/fake-clock.ts';
import { byToken, GRANTS, invite, WITH_TOKENS } from '../support/invitations.ts';
import { startServer, type TestServer } from '../support/server.ts';
import type { TestClient } from '../support/test-client.ts';
import { until } from '../support/until.ts';

const ROLES = ['admin', 'member', 'viewer', 'hidden'] as const;

type Cell = 'yes' | 'no';
type Table = readonly (readonly [what: string, ...cells: readonly Cell[]])[];

/** Who may say what, by the columns of {@link ROLES}. */
const OPEN: Table = [
  ['heartbeat', 'yes', 'yes', 'yes', 'yes'],
  ['partyserver-ping', 'yes', 'yes', 'yes', 'yes'],
  ['resync', 'yes', 'yes', 'yes', 'yes'],
  ['callsApiHistoryEntry', 'yes', 'yes', 'yes', 'yes'],
  ['userUpdate', 'yes', 'yes', 'yes', 'no'],
  ['directMessage', 'yes', 'yes', 'yes', 'no'],
  ['e2eeMlsMessage', 'yes', 'yes', 'yes', 'no'],
  ['muteUser, oneself', 'yes', 'yes', 'yes', 'no'],
  ['muteUser, others', 'yes', 'yes', 'yes', 'no'],
  ['enableAi', 'yes', 'yes', 'yes', 'no'],
  ['disableAi', 'yes', 'yes', 'yes', 'no'],
  ['establishAiPeerConnection', 'yes', 'yes', 'no', 'no'],
  ['requestAiControl', 'yes', 'yes', 'no', 'no'],
  ['relenquishAiControl', 'yes', 'yes', 'yes', 'no'],
  ['userLeft', 'yes', 'yes', 'yes', 'yes'],
];

const MODERATED: Table = [
  ['heartbeat', 'yes', 'yes', 'yes', 'yes'],
  ['partyserver-ping', 'yes', 'yes', 'yes', 'yes'],
  ['resync', 'yes', 'yes', 'yes', 'yes'],
  ['callsApiHistoryEntry', 'yes', 'yes', 'yes', 'yes'],
  ['userUpdate', 'yes', 'yes', 'yes', 'no'],
  ['directMessage', 'yes', 'yes', 'yes', 'no'],
  ['e2eeMlsMessage', 'yes', 'yes', 'yes', 'no'],
  ['muteUser, oneself', 'yes', 'yes', 'yes', 'no'],
  ['muteUser, others', 'yes', 'no', 'no', 'no'],
  ['enableAi', 'yes', 'no', 'no', 'no'],
  ['disableAi', 'yes', 'no', 'no', 'no'],
  ['establishAiPeerConnection', 'yes', 'yes', 'no', 'no'],
  ['requestAiControl', 'yes', 'yes', 'no', 'no'],
  ['relenquishAiControl', 'yes', 'yes', 'yes', 'no'],
  ['userLeft', 'yes', 'yes', 'yes', 'yes'],
];

const TRACK = { sessionId: 's', trackName: 'mic' };
const MESSAGES: Readonly<Record<string, { type: ClientMessageType } & Record<string, unknown>>> = {
  heartbeat: { type: 'heartbeat' },
  'partyserver-ping': { type: 'partyserver-ping' },
  resync: { type: 'resync' },
  callsApiHistoryEntry: { type: 'callsApiHistoryEntry' },
  userUpdate: {
    type: 'userUpdate',
    user: { joined: true, raisedHand: true, speaking: false, tracks: {} },
  },
  directMessage: { type: 'directMessage', to: 'other', message: 'hello' },
  e2eeMlsMessage: { type: 'e2eeMlsMessage' },
  'muteUser, oneself': { type: 'muteUser', id: 'me' },
  'muteUser, others': { type: 'muteUser', id: 'other' },
  enableAi: { type: 'enableAi' },
  disableAi: { type: 'disableAi' },
  establishAiPeerConnection: { type: 'establishAiPeerConnection', sdp: 'v=0' },
  requestAiControl: { type: 'requestAiControl', track: TRACK },
  relenquishAiControl: { type: 'relenquishAiControl' },
  userLeft: { type: 'userLeft' },
};

const NOT_ALLOWED = { type: 'error', error: 'You may not do this', code: 'not_allowed' };

async function join(server: TestServer, role: Role, id: string): Promise<TestClient> {
  const token = await invite(server, { sub: id, name: id, ...GRANTS[role] });
  const client = await server.connect(byToken(token, id));
  await client.settle();
  return client;
}

/** Says everything, one after the other, and finds out what was refused. */
async function ask(client: TestClient): Promise<[what: string, cell: Cell][]> {
  const cells: [string, Cell][] = [];
  for (const [what, message] of Object.entries(MESSAGES)) {
    client.take();
    client.send(message);
    if (what === 'userLeft') await Promise.race([client.closed, client.settle().catch(() => {})]);
    else await client.settle();
    const refused = client.frames.some((frame) => JSON.stringify(frame) === JSON.stringify(NOT_ALLOWED));
    cells.push([what, refused ? 'no' : 'yes']);
  }
  return cells;
}

describe.each<[Policy, Table]>([
  ['open', OPEN],
  ['moderated', MODERATED],
])('who may say what: %s', (policy, table) => {
  test.each(ROLES.map((role, column) => [role, column] as const))('[I6] %s', async (role, column) => {
    const server = await startServer({ ...WITH_TOKENS, ROOM_POLICY: policy });
    await join(server, 'member', 'other');
    const me = await join(server, role, 'me');
    expect(await ask(me)).toEqual(table.map(([what, ...cells]) => [what, cells[column]]));
    expect((await me.closed).code).toBe(1000);
  });

  test('[I6] a name and a cookie make a member', async () => {
    const server = await startServer({ ROOM_POLICY: policy });
    await server.connect({ id: 'other', name: 'other' });
    const me = await server.connect({ id: 'me', name: 'me' });
    expect(await ask(me)).toEqual(table.map(([what, , member]) => [what, member]));
  });
});

test('[I6] the tables above know every message there is', () => {
  const types = [...new Set(Object.values(MESSAGES).map(({ type }) => type))].sort();
  expect(types).toHaveLength(14);
  for (const table of [OPEN, MODERATED]) expect(table.map(([what]) => what)).toEqual(Object.keys(MESSAGES));
});

describe.each<Policy>(['open', 'moderated'])('who may take the AI from its controller: %s', (policy) => {
  const NOT_YOURS = {
    type: 'error',
    error: 'You are not talking to the AI',
    code: 'ai_control_not_yours',
  };
  const BY_ROLE = [
    ['admin', []],
    ['member', [NOT_YOURS]],
    ['viewer', [NOT_YOURS]],
    ['hidden', [NOT_ALLOWED]],
  ] as const;

  /** A room with an AI that listens to the holder. */
  async function heldRoom(): Promise<[TestServer, TestClient]> {
    const voice = new CountingVoice();
    voice.route = () => Promise.resolve();
    const server = await startServer({ ...WITH_TOKENS, ROOM_POLICY: policy }, { voice });
    const chair = await join(server, 'admin', 'chair');
    const holder = await join(server, 'member', 'holder');
    chair.send({ type: 'enableAi' });
    await until(() => voice.asked > 0);
    voice.answer();
    await endOfTurn();
    holder.send({ type: 'requestAiControl', track: TRACK });
    await holder.waitFor(({ state }) => controllerOf(state) === 'holder');
    return [server, holder];
  }

  const controllerOf = (state: unknown): unknown =>
    (state as { ai?: { controllingUser?: string } } | undefined)?.ai?.controllingUser;

  test.each(BY_ROLE)('[I6] [R27] %s, from somebody else', async (role, answers) => {
    const [server, holder] = await heldRoom();
    const me = await join(server, role, 'me');
    me.take();
    me.send({ type: 'relenquishAiControl' });
    await me.settle();
    expect(me.frames.filter(({ type }) => type === 'error')).toEqual(answers);
    await holder.settle();
    const last = holder.frames.findLast(({ type }) => type === 'roomState');
    expect(controllerOf(last?.['state'])).toBe(role === 'admin' ? undefined : 'holder');
  });

  test('[I6] [R27] a member, from itself', async () => {
    const [, holder] = await heldRoom();
    holder.take();
    holder.send({ type: 'relenquishAiControl' });
    await holder.settle();
    expect(holder.frames.map(({ type, state }) => [type, controllerOf(state)])).toEqual([
      ['roomState', undefined],
    ]);
  });
});
