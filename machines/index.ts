import { roomMachine } from './room.machine.ts';

/** Every machine by name: what the visualiser draws and the tests walk. */
export const machines = { room: roomMachine } as const;
