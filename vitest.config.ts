import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/browser/**'],
    // uWebSockets.js keeps one event loop per process; worker threads would share its native state.
    pool: 'forks',
    testTimeout: 20_000,
  },
});
