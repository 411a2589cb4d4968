import type { Scenario } from '../scenario.ts';
import { relayFanOut } from './relay.ts';

export const SCENARIOS: readonly Scenario[] = [relayFanOut];
