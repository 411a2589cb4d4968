import { ERRORS, type CloseErrorCode } from '../errors.ts';

/**
 * A WebSocket close. Codes 4000–4499 ask the client to reconnect, 4500–4999 not to; the stock partysocket reconnects
 * after every code, so a refusal must also be cheap to repeat.
 */
export type Close = { readonly code: number; readonly reason: string };

/** After `userLeft`; code and text as recorded. */
export const USER_LEFT: Close = { code: 1000, reason: 'User left' };

/** After a time without a sign of life; code and empty text as recorded. */
export const TIMED_OUT: Close = { code: 1011, reason: '' };

/** The close that belongs to an error of the table. */
export const closeFor = (code: CloseErrorCode): Close => ({
  code: ERRORS[code].close,
  reason: ERRORS[code].text,
});
