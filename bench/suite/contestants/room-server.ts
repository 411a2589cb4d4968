/** What a contestant does with a frame; `argv[2]` says it, as in c-loop.c. */
export type Task =
  | { readonly kind: 'relay' }
  /** Everybody in the room is sent the frame, filled up to so many bytes; 0: nobody is sent anything. */
  | { readonly kind: 'reply'; readonly bytes: number };

/** Shorter frames are heartbeats, or the ping that the load sends to know that all before it has been read. */
export const SHORT_FRAME_BYTES = 64;
export const PONG = '{"type":"partyserver-pong"}';

export const readTask = (): Task => {
  const argument = process.argv[2] ?? 'relay';
  return argument === 'relay' ? { kind: 'relay' } : { kind: 'reply', bytes: Number(argument) };
};

export const isPing = (frame: Buffer): boolean => frame.includes('-ping');

/** The frame as everybody is sent it; `undefined` when nobody is. */
export function outgoing(task: Task, frame: Buffer): Buffer | undefined {
  if (task.kind === 'relay') return frame;
  if (task.bytes === 0) return undefined;
  const filled = Buffer.alloc(Math.max(task.bytes, frame.length), 'x');
  frame.copy(filled);
  return filled;
}

/** Tells the one who started this process where it listens, as all contestants do. */
export const announce = (port: number): void => void process.stdout.write(`${port}\n`);
