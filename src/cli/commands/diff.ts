import type { Argv, CommandModule } from 'yargs';
import { DIFF_OPTIONS } from '../options.ts';
import type { DiffArguments } from '../run/diff.ts';
import { oneBundle } from './bundle-argument.ts';

/** `analyze diff GOOD [BAD]`: where one flow's ways part in two bundles of one cluster, or in two moments of one bundle. */
export const diffCommand = (done: (status: number) => void): CommandModule<object, DiffArguments> => ({
  command: 'diff <good> [bad]',
  describe: 'follow one flow in two bundles of the same cluster and tell what of its way differs',
  builder: ((argv: Argv) =>
    argv
      .positional('good', oneBundle('bundle of when it worked'))
      .positional('bad', {
        ...oneBundle('bundle of when it failed; without it the last two moments of GOOD are compared'),
        demandOption: false,
      })
      .options(DIFF_OPTIONS)) as never,
  handler: async (args) => {
    const { runDiff } = await import('../run/diff.ts');
    done(await runDiff(args));
  },
});
