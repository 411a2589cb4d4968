import type { Authorize } from '../identity/authorize.ts';
import type { Identifier } from '../identity/identify.ts';
import { AI_VOICES } from '../protocol/messages.ts';
import { parseRoomName } from '../protocol/room-name.ts';
import { jsonResponse } from './http-response.ts';
import type { Methods } from './request.ts';

export type ConfigRouteDeps = {
  readonly identifier: Identifier;
  readonly authorize: Authorize;
  readonly hasMedia: boolean;
  readonly hasAi: boolean;
  /** Whether what people can invite is not an AI, but what stands in for one. */
  readonly isStandIn: boolean;
  readonly hasFeedback: boolean;
  /** What the stock client is to add to its calls; the server adds it in any case. */
  readonly apiExtraParams: string;
  /** What pages are to keep to when they send a camera. */
  readonly webcam: { readonly maxBitrate: number; readonly maxFramerate: number; readonly maxLines: number };
};

/** `GET /api/config?room=…`: what this server offers to whoever asks, in that room. Nothing of it is secret. */
export function configRoute(deps: ConfigRouteDeps): Readonly<Record<string, Methods>> {
  const { identifier, authorize, hasMedia, hasAi, isStandIn, hasFeedback, apiExtraParams, webcam } = deps;
  return {
    '/api/config': {
      GET: {
        cors: true,
        handle: async ({ header, query }) => {
          const room = parseRoomName(encodeURIComponent(query.get('room') ?? ''));
          const token = query.get('token') ?? '';
          const identity = await identifier.identify({ header, token, ...(room !== undefined && { room }) });
          const isAllowed = identity !== undefined && authorize(identity.role, 'enableAi');
          return jsonResponse(200, {
            media: hasMedia,
            ai: { available: hasAi && isAllowed, configured: hasAi, standIn: isStandIn, voices: AI_VOICES },
            feedback: hasFeedback,
            apiExtraParams,
            webcam,
          });
        },
      },
    },
  };
}
