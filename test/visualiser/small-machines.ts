import { createMachine } from 'xstate';

/** Every feature that the room does not use, in one machine; parts of it are looked at one by one. */
export const everyFeature = createMachine({
  id: 'every',
  type: 'parallel',
  states: {
    player: {
      initial: 'stopped',
      tags: ['audible'],
      entry: ['warmUp', { type: 'log', params: { level: 'info' } }],
      exit: 'coolDown',
      on: {
        'tape.*': { actions: 'noteTape' },
        '*': { target: '.broken', guard: 'isFatal', description: 'Whatever else is fatal.' },
        reset: { target: '#every.player', reenter: true },
      },
      onDone: { actions: 'rest' },
      states: {
        stopped: {
          always: { guard: 'isAutomatic', target: 'playing' },
          on: { play: 'playing', stop: undefined, resume: 'last' },
        },
        playing: {
          invoke: [
            {
              id: 'motor',
              src: 'turn',
              onDone: 'finished',
              onError: 'broken',
              onSnapshot: { actions: 'show' },
            },
            { src: 'light' },
          ],
          after: {
            1500: { actions: 'blink' },
            wearOut: [{ guard: 'isOld', target: 'broken' }, { target: 'stopped' }],
          },
          on: { again: { target: 'playing' } },
        },
        broken: { id: 'scrap', description: 'For good.' },
        last: { type: 'history', history: 'deep', target: 'playing' },
        finished: { type: 'final' },
      },
    },
    display: {
      initial: { target: 'dark', actions: 'dim' },
      states: {
        dark: { on: { wake: { target: ['lit', '#every.player.playing'] } } },
        lit: {},
        before: { type: 'history' },
      },
    },
  },
});

/** Names and descriptions made of what XML, Markdown and Mermaid take for their own. */
export const hostile = createMachine({
  id: 'a<b>&"c"',
  description: '<script>alert("x")</script> & | ` *bold* ; #1',
  initial: 'x|y`z',
  states: {
    'x|y`z': {
      description: 'A "quoted" <tag> & more --> %% {brace}',
      entry: { type: 'do"it', params: { text: '<&>"|;\u0001' } },
      on: {
        'go & <see>': { target: 'end', guard: 'is"<fine>', actions: 'a|b' },
        'stay;here:': { actions: '`tick`' },
      },
    },
    end: { description: ']]> --' },
  },
});
