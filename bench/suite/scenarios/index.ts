import type { Scenario } from '../scenario.ts';
import { ceiling } from './ceiling.ts';
import { directMessages } from './direct.ts';
import { inboundEvents } from './events.ts';
import { idleMemory } from './idle.ts';
import { liveMeeting, manyRooms } from './live.ts';
import { relayFanOut } from './relay.ts';
import { stateFanOut } from './state.ts';
import { stalledClient } from './stalled.ts';
import { joinStorm, reconnectStorm } from './storms.ts';
import { machineTax } from './tax.ts';

export const SCENARIOS: readonly Scenario[] = [
  ceiling,
  relayFanOut,
  stateFanOut,
  inboundEvents,
  machineTax,
  directMessages,
  liveMeeting,
  manyRooms,
  stalledClient,
  joinStorm,
  reconnectStorm,
  idleMemory,
];
