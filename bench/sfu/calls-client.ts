import { Pool } from 'undici';
import { z } from 'zod';

export type SfuAddress = {
  /** With the app, as `http://127.0.0.1:1234/v1/apps/bench`. */
  readonly url: string;
  readonly secret: string;
};

const descriptionSchema = z.object({ type: z.enum(['offer', 'answer']), sdp: z.string() });
const tracksSchema = z.object({
  sessionDescription: descriptionSchema.optional(),
  tracks: z.array(
    z.object({ mid: z.string().optional(), trackName: z.string(), errorCode: z.string().optional() }),
  ),
});
const sessionSchema = z.object({ sessionId: z.string() });

export type RemoteTrack = { readonly sessionId: string; readonly trackName: string };
export type LocalTrack = { readonly mid: string; readonly trackName: string };
export type PulledTrack = { readonly mid: string; readonly track: RemoteTrack };

/** What a client asks of the SFU; rejects for everything that is no success. */
export class CallsClient {
  readonly #pool: Pool;
  readonly #path: string;
  readonly #secret: string;

  constructor({ url, secret }: SfuAddress) {
    const { origin, pathname } = new URL(url);
    this.#pool = new Pool(origin, { connections: 16 });
    this.#path = pathname;
    this.#secret = secret;
  }

  async newSession(): Promise<string> {
    return sessionSchema.parse(await this.#ask('POST', 'sessions/new')).sessionId;
  }

  /** Gives the answer to the offer. */
  async push(sessionId: string, offer: string, tracks: readonly LocalTrack[]): Promise<string> {
    const reply = await this.#tracks(sessionId, {
      sessionDescription: { type: 'offer', sdp: offer },
      tracks: tracks.map((track) => ({ location: 'local', ...track })),
    });
    if (reply.sessionDescription?.type !== 'answer') throw new Error('tracks/new has no answer');
    return reply.sessionDescription.sdp;
  }

  /** Gives the SFU's offer, and the m-line of each track. */
  async pull(
    sessionId: string,
    tracks: readonly RemoteTrack[],
  ): Promise<{ readonly offer: string; readonly pulled: readonly PulledTrack[] }> {
    const reply = await this.#tracks(sessionId, {
      tracks: tracks.map((track) => ({ location: 'remote', ...track })),
    });
    if (reply.sessionDescription?.type !== 'offer') throw new Error('tracks/new has no offer');
    const pulled = reply.tracks.map(({ mid }, index) => {
      const track = tracks[index];
      if (mid === undefined || track === undefined) throw new Error('a pulled track has no m-line');
      return { mid, track };
    });
    return { offer: reply.sessionDescription.sdp, pulled };
  }

  async renegotiate(sessionId: string, answer: string): Promise<void> {
    const sessionDescription = { type: 'answer', sdp: answer };
    await this.#ask('PUT', `sessions/${sessionId}/renegotiate`, { sessionDescription });
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }

  async #tracks(sessionId: string, body: object): Promise<z.infer<typeof tracksSchema>> {
    const reply = tracksSchema.parse(await this.#ask('POST', `sessions/${sessionId}/tracks/new`, body));
    const failed = reply.tracks.find(({ errorCode }) => errorCode !== undefined);
    if (failed !== undefined) throw new Error(`${failed.trackName}: ${failed.errorCode}`);
    return reply;
  }

  async #ask(method: 'POST' | 'PUT', path: string, body?: object): Promise<unknown> {
    const { statusCode, body: reply } = await this.#pool.request({
      method,
      path: `${this.#path}/${path}`,
      headers: { authorization: `Bearer ${this.#secret}`, 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await reply.text();
    if (statusCode >= 300) throw new Error(`${path}: HTTP ${statusCode} ${text.slice(0, 200)}`);
    return JSON.parse(text);
  }
}
