import { onTestFinished } from 'vitest';

/** What would have ended the process, or gone unnoticed, while the test ran. */
export function watchProcess(): unknown[] {
  const errors: unknown[] = [];
  const note = (error: unknown): void => void errors.push(error);
  process.on('uncaughtException', note);
  process.on('unhandledRejection', note);
  onTestFinished(() => {
    process.off('uncaughtException', note);
    process.off('unhandledRejection', note);
  });
  return errors;
}

/** XState throws what nobody observes from a timer of 0 ms: those started before this one have fired. */
export const endOfTimers = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 0));
