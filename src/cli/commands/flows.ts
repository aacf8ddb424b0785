import type { Argv, CommandModule } from 'yargs';
import { FLOWS_OPTIONS } from '../options.ts';
import type { FlowsArguments } from '../run/flows.ts';
import { severalBundles } from './bundle-argument.ts';

/** `analyze flows BUNDLE`: what looks broken, the worst first. */
export const flowsCommand = (done: (status: number) => void): CommandModule<object, FlowsArguments> => ({
  command: 'flows <bundle..>',
  describe: 'list the flows that look broken, the worst first',
  builder: ((argv: Argv) => argv.positional('bundle', severalBundles).options(FLOWS_OPTIONS)) as never,
  handler: async (args) => {
    const { runFlows } = await import('../run/flows.ts');
    done(await runFlows(args));
  },
});
