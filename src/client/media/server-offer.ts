import { isRecord } from '../server-frame.ts';

/** What pages are to keep to when they send a camera: bits and pictures a second, lines of the shorter side. */
export type WebcamLimits = {
  readonly maxBitrate: number;
  readonly maxFramerate: number;
  readonly maxLines: number;
};

/** What the server offers in this room to whoever asks: `GET /api/config`. */
export type ServerOffer = {
  /** Whether there is an SFU. Without one nobody is heard or seen. */
  readonly media: boolean;
  readonly ai: {
    /** Whether this login may invite it. */
    readonly available: boolean;
    readonly configured: boolean;
    /** Whether what can be invited is no AI, but an echo that stands in for one. */
    readonly standIn: boolean;
    readonly voices: readonly string[];
  };
  /** Whether reports go anywhere. */
  readonly feedback: boolean;
  readonly apiExtraParams: string;
  readonly webcam: WebcamLimits;
};

/** Of a server that does not say; the original's. */
const WEBCAM: WebcamLimits = { maxBitrate: 2_500_000, maxFramerate: 24, maxLines: 1_080 };

type Asker = { readonly origin: string; readonly room: string; readonly token: string | undefined };

/** Asks the server what it offers. Rejects when it cannot be asked. */
export async function askServerOffer({ origin, room, token }: Asker): Promise<ServerOffer> {
  const query = new URLSearchParams({ room, ...(token !== undefined && { token }) });
  const response = await fetch(`${origin}/api/config?${query}`, { credentials: 'include' });
  if (!response.ok) throw new Error(`The server does not say what it offers: ${response.status}`);
  return readServerOffer(await response.json());
}

/** Total: what is missing is not offered. */
export function readServerOffer(value: unknown): ServerOffer {
  const offer = isRecord(value) ? value : {};
  const ai = isRecord(offer['ai']) ? offer['ai'] : {};
  const webcam = isRecord(offer['webcam']) ? offer['webcam'] : {};
  const limit = (name: keyof WebcamLimits): number => {
    const stated = webcam[name];
    return typeof stated === 'number' && stated > 0 ? stated : WEBCAM[name];
  };
  const extra = offer['apiExtraParams'];
  const voices: readonly unknown[] = Array.isArray(ai['voices']) ? ai['voices'] : [];
  return {
    media: offer['media'] === true,
    ai: {
      available: ai['available'] === true,
      configured: ai['configured'] === true,
      standIn: ai['standIn'] === true,
      voices: voices.filter((voice) => typeof voice === 'string'),
    },
    feedback: offer['feedback'] === true,
    apiExtraParams: typeof extra === 'string' ? extra : '',
    webcam: {
      maxBitrate: limit('maxBitrate'),
      maxFramerate: limit('maxFramerate'),
      maxLines: limit('maxLines'),
    },
  };
}
