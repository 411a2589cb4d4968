import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { FakeSfu, type Reply } from '../sfu/session/fake-sfu.ts';
import { launchMediaBrowser } from './media-page.ts';

// Real browsers are the judges of descriptions. Media do not flow here: transport and media of the SFU are fakes.

let browser: Browser;
beforeAll(async () => {
  browser = await launchMediaBrowser();
});
afterAll(() => browser.close());

type Ask = (method: string, operation: string, body?: unknown) => Promise<Reply>;

/** In the page: one peer connection, steered as the stock client steers its own. */
type Peer = {
  push(kind: 'audio' | 'video', simulcast?: boolean): Promise<string>;
  pull(...tracks: readonly (readonly [sessionId: string, trackName: string])[]): Promise<string[]>;
  /** Asks for a pull and goes no further; with `apply`, its connection has the offer. */
  beginPull(
    track: readonly [sessionId: string, trackName: string],
    apply: boolean,
  ): Promise<string | undefined>;
  close(mids: readonly string[]): Promise<unknown>;
  state(): { readonly signaling: string; readonly lines: string[]; readonly mids: (string | null)[] };
};

declare global {
  interface Window {
    ask: Ask;
    peer: Peer;
  }
}

/** Runs in the page. */
function definePeer(): void {
  const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
  const sound = new AudioContext();
  const trackOf = (kind: 'audio' | 'video'): MediaStreamTrack => {
    const canvas = document.createElement('canvas');
    canvas.getContext('2d');
    const { stream } =
      kind === 'audio' ? sound.createMediaStreamDestination() : { stream: canvas.captureStream() };
    const [track] = stream.getTracks();
    if (track === undefined) throw new Error('no track');
    return track;
  };
  const must = (reply: Reply): Reply['body'] => {
    if (reply.status >= 300) throw new Error(JSON.stringify(reply));
    return reply.body;
  };
  const apply = (description: unknown): Promise<void> =>
    connection.setRemoteDescription(description as RTCSessionDescriptionInit);
  const offer = async (): Promise<object> => {
    await connection.setLocalDescription(await connection.createOffer());
    return { type: 'offer', sdp: connection.localDescription?.sdp };
  };
  let pushed = 0;
  window.peer = {
    push: async (kind, simulcast = false) => {
      const sendEncodings = simulcast ? [{ rid: 'a' }, { rid: 'b', scaleResolutionDownBy: 2 }] : [];
      const transceiver = connection.addTransceiver(trackOf(kind), { direction: 'sendonly', sendEncodings });
      const sessionDescription = await offer();
      const trackName = `track-${(pushed += 1)}`;
      const tracks = [{ location: 'local', trackName, mid: transceiver.mid }];
      await apply(
        must(await window.ask('POST', 'tracks/new', { sessionDescription, tracks })).sessionDescription,
      );
      return trackName;
    },
    pull: async (...wanted) => {
      const tracks = wanted.map(([sessionId, trackName]) => ({ location: 'remote', sessionId, trackName }));
      const seen: string[] = [];
      connection.addEventListener('track', ({ transceiver }) => seen.push(transceiver.mid ?? ''));
      const body = must(await window.ask('POST', 'tracks/new', { tracks }));
      await apply(body.sessionDescription);
      await connection.setLocalDescription(await connection.createAnswer());
      const sdp = connection.currentLocalDescription?.sdp;
      must(await window.ask('PUT', 'renegotiate', { sessionDescription: { type: 'answer', sdp } }));
      const mids = (body.tracks ?? []).map(({ mid = '' }) => mid);
      const missing = mids.filter((mid) => !seen.includes(mid));
      if (missing.length > 0) throw new Error(`no track event for ${missing.join()}`);
      return mids;
    },
    beginPull: async ([sessionId, trackName], isApplied) => {
      const tracks = [{ location: 'remote', sessionId, trackName }];
      const body = must(await window.ask('POST', 'tracks/new', { tracks }));
      if (isApplied) await apply(body.sessionDescription);
      return body.tracks?.[0]?.mid;
    },
    // As the stock client closes a batch: it stops the first transceiver, and names all.
    close: async (mids) => {
      connection
        .getTransceivers()
        .find(({ mid }) => mid === mids[0])
        ?.stop();
      const body = { tracks: mids.map((mid) => ({ mid })), sessionDescription: await offer(), force: false };
      const reply = must(await window.ask('PUT', 'tracks/close', body));
      await apply(reply.sessionDescription);
      return reply.tracks;
    },
    state: () => ({
      signaling: connection.signalingState,
      lines: connection.localDescription?.sdp.match(/^m=\w+ \d+/gm) ?? [],
      mids: connection.getTransceivers().map(({ mid }) => mid),
    }),
  };
}

/** A page with a session of its own. */
async function open(sfu: FakeSfu): Promise<{ readonly page: Page; readonly sessionId: string }> {
  const context = await browser.newContext();
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const session = await sfu.open();
  await page.exposeFunction('ask', (method: string, operation: string, body: unknown) =>
    sfu.ask(method, `sessions/${session.id}/${operation}`, body),
  );
  await page.evaluate(definePeer);
  return { page, sessionId: session.id };
}

/** Somebody who publishes sound and a picture, with packets. */
async function publish(
  sfu: FakeSfu,
): Promise<{ page: Page; sound: [string, string]; picture: [string, string] }> {
  const { page, sessionId } = await open(sfu);
  const sound = await page.evaluate(() => window.peer.push('audio'));
  const picture = await page.evaluate(() => window.peer.push('video'));
  for (const media of sfu.engine.sessions) for (const publication of media.publications) publication.flow();
  return { page, sound: [sessionId, sound], picture: [sessionId, picture] };
}

type Wanted = readonly (readonly [string, string])[];
const pull = (page: Page, wanted: Wanted): Promise<string[]> =>
  page.evaluate((wanted) => window.peer.pull(...wanted), wanted);
const close = (page: Page, mids: readonly string[]): Promise<unknown> =>
  page.evaluate((mids) => window.peer.close(mids), mids);
const stateOf = (page: Page): Promise<ReturnType<Peer['state']>> => page.evaluate(() => window.peer.state());

test('Chromium publishes and receives, one after the other', async () => {
  const sfu = new FakeSfu();
  const ada = await publish(sfu);
  const ben = await publish(sfu);
  expect(await pull(ben.page, [ada.sound, ada.picture])).toEqual(['2', '3']);
  expect(await pull(ada.page, [ben.picture, ben.sound, ben.sound])).toEqual(['2', '3', '4']);
  expect((await stateOf(ben.page)).signaling).toBe('stable');
});

test('Chromium receives only', async () => {
  const sfu = new FakeSfu();
  const ada = await publish(sfu);
  const { page } = await open(sfu);
  expect(await pull(page, [ada.sound, ada.picture])).toEqual(['0', '1']);
  expect(await page.evaluate(() => window.peer.push('video'))).toBe('track-1');
});

test('Chromium closes in batches and receives again, four times, and its description does not grow', async () => {
  const sfu = new FakeSfu();
  const ada = await publish(sfu);
  const ben = await publish(sfu);
  let mids = await pull(ben.page, [ada.sound, ada.picture, ada.picture]);
  const { lines } = await stateOf(ben.page);
  for (let round = 0; round < 4; round += 1) {
    expect(await close(ben.page, mids)).toEqual(mids.map((mid) => ({ mid })));
    mids = await pull(ben.page, [ada.sound, ada.picture, ada.picture]);
  }
  expect((await stateOf(ben.page)).lines).toHaveLength(lines.length);
  expect((await stateOf(ben.page)).signaling).toBe('stable');
});

test('Chromium closes its own first m-line, goes on, and publishes again', async () => {
  const sfu = new FakeSfu();
  const ada = await publish(sfu);
  const ben = await publish(sfu);
  await pull(ben.page, [ada.sound]);
  expect(await close(ben.page, ['0'])).toEqual([{ mid: '0' }]);
  expect(await pull(ben.page, [ada.picture])).toEqual(['3']);
  expect(await ben.page.evaluate(() => window.peer.push('audio'))).toBe('track-3');
  expect(await pull(ben.page, [ada.picture])).toHaveLength(1);
  expect((await stateOf(ben.page)).signaling).toBe('stable');
});

test('Chromium takes the answer to simulcast, with its layers', async () => {
  const sfu = new FakeSfu();
  const { page } = await open(sfu);
  await page.evaluate(() => window.peer.push('video', true));
  expect(sfu.engine.sessions[0]?.publications[0]?.parameters.rids).toEqual(['a', 'b']);
});

test('Chromium closes nearly all, and then publishes and receives', async () => {
  const sfu = new FakeSfu();
  const ada = await publish(sfu);
  const ben = await publish(sfu);
  const mids = await pull(ben.page, [ada.sound, ada.picture]);
  await close(ben.page, [...mids]);
  await close(ben.page, ['1']);
  await ben.page.evaluate(() => window.peer.push('video'));
  await pull(ben.page, [ada.picture, ada.sound]);
  expect((await stateOf(ben.page)).signaling).toBe('stable');
});

test.each([
  ['was lost on its way', false],
  ['was applied and never answered', true],
])('Chromium takes the next offer when one %s', async (_, isApplied) => {
  const sfu = new FakeSfu();
  const ada = await publish(sfu);
  const ben = await publish(sfu);
  const begun = await ben.page.evaluate(([track, isApplied]) => window.peer.beginPull(track, isApplied), [
    ada.sound,
    isApplied,
  ] as const);
  expect(begun).toBe('2');
  expect(await pull(ben.page, isApplied ? [ada.picture] : [ada.picture, ada.sound])).toEqual(
    isApplied ? ['3'] : ['3', '2'],
  );
  expect((await stateOf(ben.page)).signaling).toBe('stable');
});

test('Chromium publishes although an offer to it was lost', async () => {
  const sfu = new FakeSfu();
  const ada = await publish(sfu);
  const ben = await publish(sfu);
  await ben.page.evaluate((track) => window.peer.beginPull(track, false), ada.sound);
  expect(await ben.page.evaluate(() => window.peer.push('video'))).toBe('track-3');
  expect(await pull(ben.page, [ada.sound])).toHaveLength(1);
});
