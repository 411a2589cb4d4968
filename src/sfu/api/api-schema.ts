import { z } from 'zod';
import { MAX_TRACKS } from '../../calls/calls-schema.ts';

// What the API takes, field by field as the hosted one documents it (OpenAPI of 2024-05-21). Unknown fields are dropped.

/** A browser writes some 5 kB for each video it receives: this is a hundred of them and more. */
const MAX_SDP_LENGTH = 1024 * 1024;

/** An m-line of the session, or `#name` for the one that carries the track of that name. */
const midSchema = z.string().regex(/^(?:[\w.+-]{1,64}|#.{1,256})$/);
const trackNameSchema = z.string().min(1).max(256);
const sessionIdSchema = z.string().min(1).max(128);
const kindSchema = z.enum(['audio', 'video']);
const orderingSchema = z.enum(['none', 'asciibetical']).default('none');

const simulcastSchema = z.object({
  preferredRid: z.string().min(1).max(64).optional(),
  priorityOrdering: orderingSchema,
  ridNotAvailable: orderingSchema,
});

const descriptionSchema = z.object({
  type: z.enum(['offer', 'answer']),
  sdp: z.string().max(MAX_SDP_LENGTH),
});
export type Description = z.infer<typeof descriptionSchema>;

const localItemSchema = z.object({
  location: z.literal('local'),
  trackName: trackNameSchema,
  mid: midSchema.optional(),
  kind: kindSchema.optional(),
  bidirectionalMediaStream: z.boolean().default(false),
});
export type LocalItem = z.infer<typeof localItemSchema>;

const remoteItemSchema = z.object({
  location: z.literal('remote'),
  sessionId: sessionIdSchema,
  trackName: trackNameSchema,
  mid: midSchema.optional(),
  simulcast: simulcastSchema.optional(),
});
export type RemoteItem = z.infer<typeof remoteItemSchema>;

const batch = <T extends z.ZodType>(item: T) => z.array(item).min(1).max(MAX_TRACKS);

export const autoDiscoverSchema = z.object({
  autoDiscover: z.literal(true),
  sessionDescription: descriptionSchema,
  tracks: z.array(localItemSchema).max(MAX_TRACKS).default([]),
});
export const publishSchema = z.object({
  autoDiscover: z.literal(false).optional(),
  sessionDescription: descriptionSchema.optional(),
  tracks: batch(localItemSchema),
});
export const pullSchema = z.object({
  sessionDescription: descriptionSchema.optional(),
  tracks: batch(remoteItemSchema),
});
export type PublishRequest = z.infer<typeof autoDiscoverSchema> | z.infer<typeof publishSchema>;
export type PullRequest = z.infer<typeof pullSchema>;

export const renegotiateSchema = z.object({ sessionDescription: descriptionSchema });

export const closeSchema = z.object({
  tracks: batch(z.object({ mid: midSchema })),
  sessionDescription: descriptionSchema.optional(),
  force: z.boolean().default(false),
});
export type CloseRequest = z.infer<typeof closeSchema>;

const updateItemSchema = remoteItemSchema.extend({ mid: midSchema });
export type UpdateItem = z.infer<typeof updateItemSchema>;
export const updateSchema = z.object({ tracks: batch(updateItemSchema) });
export type UpdateRequest = z.infer<typeof updateSchema>;

/** Nothing, or nothing that would be lost if it were ignored. */
export const sessionsNewSchema = z.object({ sessionDescription: z.undefined().optional() });
