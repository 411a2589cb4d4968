/** A request to the SFU's API, taken apart. */
export type SfuCall = { readonly operation: string; readonly sessionId: string; readonly body: string };
export type SfuReply = { readonly status: number; readonly body: object };

type Track = {
  readonly location: 'local' | 'remote';
  readonly trackName: string;
  readonly sessionId: string;
  readonly mid: string;
};
type Body = {
  readonly tracks?: readonly Track[];
  readonly sessionDescription?: RTCSessionDescriptionInit;
  readonly force?: boolean;
};

const ok = (body: object): SfuReply => ({ status: 200, body });

/** One client's connection: what it publishes is received here, and sent on by the connections of those who pull it. */
class Session {
  readonly connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
  readonly published = new Map<string, MediaStreamTrack>();

  async accept(offer: RTCSessionDescriptionInit): Promise<RTCSessionDescription | null> {
    await this.connection.setRemoteDescription(offer);
    return this.#describe();
  }

  async publish({ trackName, mid }: Track): Promise<void> {
    const track = this.#byMid(mid)?.receiver.track;
    if (track === undefined) throw new Error(`no m-line ${mid}`);
    this.published.set(trackName, track);
    if (track.kind === 'audio') await listenTo(track);
  }

  /** Makes ready to send these tracks; their m-lines get their ids with the offer. */
  async offer(tracks: readonly MediaStreamTrack[]): Promise<{
    readonly mids: readonly (string | null)[];
    readonly offer: RTCSessionDescription | null;
  }> {
    const added = tracks.map((track) => this.connection.addTransceiver(track, { direction: 'sendonly' }));
    const offer = await this.#describe();
    return { mids: added.map(({ mid }) => mid), offer };
  }

  /** Ends what is published on an m-line; whoever has pulled it gets nothing more. Gives the track. */
  withdraw(mid: string): MediaStreamTrack | undefined {
    const track = this.#byMid(mid)?.receiver.track;
    for (const [name, published] of this.published) if (published === track) this.published.delete(name);
    return track;
  }

  #byMid(mid: string): RTCRtpTransceiver | undefined {
    return this.connection.getTransceivers().find((transceiver) => transceiver.mid === mid);
  }

  /** The client never sends candidates after its description, and takes none. */
  async #describe(): Promise<RTCSessionDescription | null> {
    const { connection } = this;
    await connection.setLocalDescription();
    while (connection.iceGatheringState !== 'complete') {
      await new Promise((resolve) => {
        connection.addEventListener('icegatheringstatechange', resolve, { once: true });
      });
    }
    return connection.localDescription;
  }
}

/** Chromium lets no sound through that nobody plays, not even to another connection. */
async function listenTo(track: MediaStreamTrack): Promise<void> {
  const listener = new Audio();
  listener.muted = true;
  listener.srcObject = new MediaStream([track]);
  await listener.play();
}

/** An SFU in a page: steered as Cloudflare Realtime is, with connections that are real. */
class Sfu {
  readonly #sessions = new Map<string, Session>();
  #opened = 0;

  async handle({ operation, sessionId, body }: SfuCall): Promise<SfuReply> {
    if (operation === 'sessions/new') return this.#open();
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return { status: 410, body: { errorCode: 'session_error' } };
    const request = JSON.parse(body) as Body;
    switch (operation) {
      case 'tracks/new':
        return request.tracks?.[0]?.location === 'local'
          ? push(session, request)
          : this.#pull(session, request);
      case 'renegotiate':
        return renegotiate(session, request);
      case 'tracks/close':
        return this.#close(session, request);
      default:
        return { status: 404, body: { errorCode: 'not_found' } };
    }
  }

  /** Loses every session, as an SFU does that is started again. The clients are not told. */
  forgetAll(): void {
    for (const { connection } of this.#sessions.values()) connection.close();
    this.#sessions.clear();
  }

  #open(): SfuReply {
    const sessionId = `session-${(this.#opened += 1)}`;
    this.#sessions.set(sessionId, new Session());
    return { status: 201, body: { sessionId } };
  }

  async #pull(session: Session, { tracks = [] }: Body): Promise<SfuReply> {
    const found = tracks.flatMap(({ sessionId, trackName }) => {
      const track = this.#sessions.get(sessionId)?.published.get(trackName);
      return track === undefined ? [] : [{ sessionId, trackName, track }];
    });
    const missing = tracks
      .filter((wanted) => !found.some(({ trackName }) => trackName === wanted.trackName))
      .map(({ sessionId, trackName }) => ({ sessionId, trackName, errorCode: 'not_found_track_error' }));
    if (found.length === 0) return ok({ requiresImmediateRenegotiation: false, tracks: missing });
    const { mids, offer } = await session.offer(found.map(({ track }) => track));
    return ok({
      requiresImmediateRenegotiation: true,
      tracks: [
        ...found.map(({ sessionId, trackName }, index) => ({ sessionId, trackName, mid: mids[index] })),
        ...missing,
      ],
      sessionDescription: offer,
    });
  }

  async #close(session: Session, { tracks = [], sessionDescription, force }: Body): Promise<SfuReply> {
    const withdrawn = new Set(tracks.map(({ mid }) => session.withdraw(mid)));
    for (const { connection } of this.#sessions.values())
      for (const sender of connection.getSenders())
        if (sender.track !== null && withdrawn.has(sender.track)) await sender.replaceTrack(null);
    const answer =
      force === true || sessionDescription === undefined ? null : await session.accept(sessionDescription);
    return ok({
      requiresImmediateRenegotiation: false,
      tracks: tracks.map(({ mid }) => ({ mid })),
      ...(answer !== null && { sessionDescription: answer }),
    });
  }
}

async function push(session: Session, { tracks = [], sessionDescription }: Body): Promise<SfuReply> {
  if (sessionDescription === undefined) return { status: 406, body: { errorCode: 'invalid_params' } };
  const answer = await session.accept(sessionDescription);
  for (const track of tracks) await session.publish(track);
  return ok({
    requiresImmediateRenegotiation: false,
    tracks: tracks.map(({ trackName, mid }) => ({ trackName, mid })),
    sessionDescription: answer,
  });
}

async function renegotiate({ connection }: Session, { sessionDescription }: Body): Promise<SfuReply> {
  if (connection.signalingState !== 'have-local-offer' || sessionDescription === undefined) {
    const errorSubcode = `invalid_modification_${connection.signalingState}`;
    return { status: 406, body: { errorCode: 'invalid_session_description', errorSubcode } };
  }
  await connection.setRemoteDescription(sessionDescription);
  return ok({});
}

declare global {
  interface Window {
    sfu: Sfu;
  }
}
window.sfu = new Sfu();
