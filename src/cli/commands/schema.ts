import type { CommandModule } from 'yargs';

/** `analyze schema`: the JSON Schema of `--format json`. */
export const schemaCommand = (done: (status: number) => void): CommandModule => ({
  command: 'schema',
  describe: 'print the JSON Schema of --format json',
  handler: async () => {
    const { resultSchema } = await import('../../report/result-schema.ts');
    process.stdout.write(`${JSON.stringify(resultSchema(), null, 2)}\n`);
    done(0);
  },
});
