import type { IncomingMessage } from 'node:http';
import { ApiError } from './api-errors.ts';

/** The whole body as JSON; nothing when it is empty. Its type is not asked for: browsers send JSON as text. Strings stay as they are. */
export async function readJson(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const tooLarge = new ApiError('payload_too_large', { description: `A body may have ${maxBytes} bytes` });
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge;
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge;
      chunks.push(chunk);
    }
  } catch (error) {
    if (error === tooLarge) throw tooLarge;
    throw new ApiError('decoding_error', { description: 'The body has no end' });
  }
  if (size === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks, size).toString('utf8'));
  } catch {
    throw new ApiError('decoding_error', { description: 'The body is not JSON' });
  }
}
