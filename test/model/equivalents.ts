const LEAF =
  'the state has no timer, no service and no entry or exit action, and no state within: leaving and entering it does nothing';

/**
 * Mutants that nobody can tell from the machine, each with the reason. `npm run test:mutation` fails when one of them is
 * killed after all, and when any other survives.
 */
export const EQUIVALENTS: Readonly<Record<string, string>> = {
  'active: ai.disable[0]: enters its state again': LEAF,
  'aiActive.free: ai.control.release[0]: enters its state again': LEAF,
  'aiActive.held: ai.control.request[0]: enters its state again': LEAF,
  'aiActive.held: ai.control.request[1]: enters its state again': LEAF,
  'aiActive.held: ai.control.release[1]: enters its state again': LEAF,
  'idle: room.restored[1]: target idle dropped':
    'with reenter, XState enters the state of a transition without a target again, and that state is idle',
};
