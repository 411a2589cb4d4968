import type { RoomMachine } from '../../machines/room.machine.ts';

/** Something that holds for the room machine, or rejects saying what does not. */
export type Check = { readonly name: string; readonly run: (machine: RoomMachine) => Promise<void> };

/** What a check has found, in its own words, which a rejected promise would cut short; empty if all is well. */
export async function faultOf({ run }: Check, machine: RoomMachine): Promise<string> {
  try {
    await run(machine);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
