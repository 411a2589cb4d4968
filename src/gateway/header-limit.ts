/**
 * Bytes of all headers of a request. uWS allows 4 kB, which Cloudflare Access alone (a JWT as header and again as cookie)
 * comes near to; past the limit it answers 431.
 */
export const MAX_HEADER_BYTES = 16 * 1024;

// uWS reads this once, as the library is loaded, and has no other way to be told.
process.env['UWS_HTTP_MAX_HEADERS_SIZE'] ??= String(MAX_HEADER_BYTES);
