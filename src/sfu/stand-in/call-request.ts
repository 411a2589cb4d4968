import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { z } from 'zod';
import { ApiError } from './api-error.ts';
import { readCallOffer, type OfferFault } from './offer.ts';

/** An offer is some 10 kB, instructions too. */
const MAX_BODY_BYTES = 256 * 1024;

/** The session's fields in the API's first level (openai-openapi 2.3.0, `RealtimeSessionCreateRequestGA`); all others are refused there. */
const sessionSchema = z.strictObject({
  type: z.literal('realtime'),
  model: z.string().optional(),
  output_modalities: z.array(z.string()).optional(),
  instructions: z.string().optional(),
  audio: z.record(z.string(), z.unknown()).optional(),
  tools: z.array(z.unknown()).optional(),
  tool_choice: z.unknown().optional(),
  parallel_tool_calls: z.boolean().optional(),
  reasoning: z.unknown().optional(),
  max_output_tokens: z.unknown().optional(),
  truncation: z.unknown().optional(),
  include: z.array(z.string()).optional(),
  tracing: z.unknown().optional(),
  prompt: z.unknown().optional(),
});

const FAULTS: Readonly<Record<OfferFault, string>> = {
  not_sdp: 'Failed to parse offer: it is no session description, or its last line does not end.',
  no_audio: 'The offer has no audio.',
  no_opus: 'The offer has no Opus.',
  no_ice: 'The offer has no ICE credentials.',
  no_dtls: 'The offer has no fingerprint.',
  not_bundled: 'The lines of the offer do not share one connection.',
  too_much_media: 'The offer has more than one line of audio and a data channel.',
};

/** Reads a whole body; rejects with {@link ApiError} when it is too large. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES)
      throw new ApiError(413, 'request_too_large', `A request has at most ${MAX_BODY_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The offer in a request that opens a call, ready to be answered. Rejects with {@link ApiError}. */
export async function readOffer(headers: IncomingHttpHeaders, body: Buffer): Promise<string> {
  const contentType = headers['content-type'] ?? '';
  const [mediaType = ''] = contentType.toLowerCase().split(';');
  const sdp =
    mediaType.trim() === 'application/sdp' ? body.toString('utf8') : await readForm(contentType, body);
  const offer = readCallOffer(sdp);
  if ('fault' in offer) throw new ApiError(400, 'invalid_offer', FAULTS[offer.fault]);
  return offer.sdp;
}

async function readForm(contentType: string, body: Buffer): Promise<string> {
  if (!/^multipart\/form-data\b/i.test(contentType))
    throw new ApiError(
      400,
      'unsupported_content_type',
      'A call wants multipart/form-data or application/sdp.',
    );
  let form: FormData;
  try {
    form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } }).formData();
  } catch {
    throw new ApiError(400, 'invalid_multipart_form_data', 'The form cannot be read.');
  }
  for (const name of form.keys()) {
    if (name !== 'sdp' && name !== 'session') throw unknownParameter(name);
  }
  const session = await textOf(form.get('session'));
  if (session !== undefined) checkSession(session);
  const sdp = await textOf(form.get('sdp'));
  if (sdp === undefined)
    throw new ApiError(400, 'missing_required_parameter', "Missing required parameter: 'sdp'.", 'sdp');
  return sdp;
}

/** A part with a file name is a file, whatever its type. */
const textOf = async (part: FormDataEntryValue | null): Promise<string | undefined> =>
  part === null ? undefined : typeof part === 'string' ? part : part.text();

function checkSession(text: string): void {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ApiError(400, 'invalid_json', 'The session is no JSON.', 'session');
  }
  const { error } = sessionSchema.safeParse(value);
  const issue = error?.issues[0];
  if (issue === undefined) return;
  if (issue.code === 'unrecognized_keys') throw unknownParameter(`session.${issue.keys[0]}`);
  const parameter = ['session', ...issue.path].join('.');
  throw new ApiError(400, 'invalid_value', `Invalid value: '${parameter}'.`, parameter);
}

/** What a stranger wrote is told back to them, and not more of it than a name has. */
const unknownParameter = (name: string): ApiError =>
  new ApiError(400, 'unknown_parameter', `Unknown parameter: '${name.slice(0, 64)}'.`, name.slice(0, 64));
