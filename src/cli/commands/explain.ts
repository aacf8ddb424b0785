import type { Argv, CommandModule } from 'yargs';
import { EXPLAIN_OPTIONS } from '../options.ts';
import type { ExplainArguments } from '../run/explain.ts';

/** `analyze explain CAUSE`: the catalogue's page. */
export const explainCommand = (done: (status: number) => void): CommandModule<object, ExplainArguments> => ({
  command: 'explain [cause]',
  describe: 'tell what a cause is, what proves and what refutes it; without a name, list all',
  builder: ((argv: Argv) =>
    argv
      .positional('cause', { type: 'string', describe: 'id of the cause, as reports name it' })
      .options(EXPLAIN_OPTIONS)) as never,
  handler: async (args) => {
    const { runExplain } = await import('../run/explain.ts');
    done(runExplain(args));
  },
});
