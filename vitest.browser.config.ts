import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    // The page is served as it was built; this builds it when its sources have changed.
    globalSetup: 'test/support/built-page.ts',
    // uWebSockets.js keeps one event loop per process; worker threads would share its native state.
    pool: 'forks',
    // Each file has a browser of its own; two at once would slow each other down more than they gain.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // How long a page may take to show what it should; a page that does it at once is not held up.
    expect: { poll: { timeout: 15_000, interval: 20 } },
  },
});
