import type { Argv, CommandModule } from 'yargs';
import { ANALYZE_OPTIONS } from '../options.ts';
import type { AnalyzeArguments } from '../run/analyze.ts';
import { severalBundles } from './bundle-argument.ts';

/** `analyze BUNDLE`, which is also `analyze analyze BUNDLE` and `netautopsy analyze BUNDLE`: the whole pipeline. */
export const analyzeCommand = (done: (status: number) => void): CommandModule<object, AnalyzeArguments> => ({
  command: '$0 <bundle..>',
  describe: 'follow the flow and write the report',
  builder: ((argv: Argv) => argv.positional('bundle', severalBundles).options(ANALYZE_OPTIONS)) as never,
  handler: async (args) => {
    const { runAnalyze } = await import('../run/analyze.ts');
    done(await runAnalyze(args));
  },
});
