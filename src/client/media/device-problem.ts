import { DevicesExhaustedError } from 'partytracks/client';
import type { DeviceProblem } from './media-state.ts';

/** Browsers give devices to pages over HTTPS and of this machine alone; to others they do not even have the API. */
export const hasDevices = (): boolean =>
  typeof navigator !== 'undefined' && (navigator.mediaDevices as unknown) !== undefined;

export function problemOf(error: unknown): DeviceProblem {
  if (error instanceof DevicesExhaustedError) return 'none';
  const name = error instanceof Error ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied';
  if (name === 'NotFoundError' || name === 'NotReadableError') return 'none';
  return 'failed';
}
