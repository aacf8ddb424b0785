import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/causes/setup.ts'],
    tags: [{ name: 'corpus', description: "reads the corpus of others' captures, which stands beside the project" }],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    pool: 'forks',
    // The units are pure: 200 files share one load of the engine instead of paying for it each.
    isolate: false,
    maxWorkers: '100%',
  },
});
