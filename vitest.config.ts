import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/browser/**'],
    // The page is served as it was built; this builds it when its sources have changed.
    globalSetup: 'test/support/built-page.ts',
    // uWebSockets.js keeps one event loop per process; worker threads would share its native state.
    pool: 'forks',
    // Tests of memory ask for a collection instead of waiting for one.
    execArgv: ['--expose-gc'],
    testTimeout: 20_000,
  },
});
