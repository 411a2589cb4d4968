import type { Scenario } from '../scenario.ts';
import { directMessages } from './direct.ts';
import { inboundEvents } from './events.ts';
import { relayFanOut } from './relay.ts';
import { stateFanOut } from './state.ts';
import { machineTax } from './tax.ts';

export const SCENARIOS: readonly Scenario[] = [
  relayFanOut,
  stateFanOut,
  inboundEvents,
  machineTax,
  directMessages,
];
