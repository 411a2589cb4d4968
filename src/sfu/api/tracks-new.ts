import type { z } from 'zod';
import { ApiError } from './api-errors.ts';
import {
  autoDiscoverSchema,
  publishSchema,
  pullSchema,
  type PublishRequest,
  type PullRequest,
} from './api-schema.ts';

/** A body as what an operation takes. Throws `decoding_error`, with the place of the first fault. */
export function readBody<T extends z.ZodType>(schema: T, body: unknown): z.infer<T> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue === undefined ? '' : issue.path.join('.');
  const isLimit = issue?.code === 'too_big' || issue?.code === 'too_small';
  throw new ApiError(isLimit ? 'invalid_params' : 'decoding_error', {
    description: `JSON body validation error: ${place === '' ? 'body' : place}: ${issue?.message ?? ''}`,
  });
}

export type TracksNew =
  | { readonly type: 'publish'; readonly request: PublishRequest }
  | { readonly type: 'pull'; readonly request: PullRequest };

/** The body of `tracks/new`: its tracks are all local or all remote, or to be found in the offer. */
export function readTracksNew(body: unknown): TracksNew {
  const { autoDiscover, tracks } = (typeof body === 'object' && body !== null ? body : {}) as {
    autoDiscover?: unknown;
    tracks?: unknown;
  };
  if (autoDiscover === true) return { type: 'publish', request: readBody(autoDiscoverSchema, body) };
  const locations = new Set(Array.isArray(tracks) ? tracks.map(locationOf) : []);
  if (locations.size > 1) {
    throw new ApiError('invalid_params', { description: 'Tracks must be all local or all remote' });
  }
  return locations.has('remote')
    ? { type: 'pull', request: readBody(pullSchema, body) }
    : { type: 'publish', request: readBody(publishSchema, body) };
}

const locationOf = (track: unknown): unknown =>
  typeof track === 'object' && track !== null && 'location' in track ? track.location : undefined;
