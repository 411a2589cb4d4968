import type { z } from 'zod';
import { AppError } from '../errors.ts';
import type { Request } from './request.ts';
import { getParts } from './uws.ts';

/** The text fields of a form, URL-encoded or multipart. Throws `unsupported_media_type`, `bad_request`. */
export async function readForm(request: Request): Promise<URLSearchParams> {
  const contentType = request.header('content-type');
  const body = await request.body();
  if (contentType.startsWith('application/x-www-form-urlencoded')) {
    return new URLSearchParams(body.toString('utf8'));
  }
  if (!contentType.startsWith('multipart/form-data')) throw new AppError('unsupported_media_type');
  const parts = getParts(body, contentType);
  if (parts === undefined) throw new AppError('bad_request');
  return new URLSearchParams(parts.map((part) => [part.name, Buffer.from(part.data).toString('utf8')]));
}

/** The body as JSON in a shape, whatever its content type says: partytracks sends text/plain. Throws `bad_request`. */
export async function readJson<T extends z.ZodType>(request: Request, schema: T): Promise<z.output<T>> {
  const body = await request.body();
  const parsed = schema.safeParse(parseJson(body.toString('utf8')));
  if (!parsed.success) throw new AppError('bad_request');
  return parsed.data;
}

/** The fields of a form or of a JSON object, in a shape. Throws `unsupported_media_type`, `bad_request`. */
export async function readFields<T extends z.ZodType>(request: Request, schema: T): Promise<z.output<T>> {
  if (request.header('content-type').startsWith('application/json')) return readJson(request, schema);
  const parsed = schema.safeParse(Object.fromEntries(await readForm(request)));
  if (!parsed.success) throw new AppError('bad_request');
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AppError('bad_request');
  }
}
