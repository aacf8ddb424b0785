import { basename } from 'node:path';
import yargs from 'yargs';
import { analyzeCommand } from './commands/analyze.ts';
import { withStandardInput } from './commands/bundle-argument.ts';
import { diffCommand } from './commands/diff.ts';
import { explainCommand } from './commands/explain.ts';
import { flowsCommand } from './commands/flows.ts';
import { schemaCommand } from './commands/schema.ts';
import { complaint } from './complaint.ts';
import { complete } from './complete.ts';
import { UsageError } from './usage-error.ts';
import { version } from './version.ts';
import { wentThrough as went } from './went-through.ts';

const WIDEST = 110;

const EPILOGUE = `Examples:
  $0 bundle.tgz                                             find the broken flows
  $0 bundle.tgz --flow '10.0.0.5 -> svc/shop/cart:80'       follow one flow
  $0 node1.tgz node2.tgz --format md --redact               for a public ticket

Exit status: 0 analysed; 1 a cause at or above --fail-on; 2 wrong usage;
3 the bundle cannot be read. No colours where NO_COLOR is set or nobody looks.`;

/** The name that the program was called by: its bin has two. */
const calledAs = (): string => (basename(process.argv[1] ?? '') === 'netautopsy' ? 'netautopsy' : 'analyze');

export const wentThrough = (): boolean => went.all;

/**
 * Runs the command line and gives the exit status; prints to the process's own streams. Commands import what they run only when they run:
 * help, completion and wrong calls answer at once.
 */
export const main = async (args: readonly string[]): Promise<number> => {
  let status = 0;
  const done = (code: number) => {
    status = code;
  };
  const name = calledAs();
  const parser = yargs(withStandardInput(args))
    .scriptName(name)
    .locale('en')
    .parserConfiguration({ 'camel-case-expansion': false })
    .usage('$0 BUNDLE\n\nReads a support bundle and says where a network flow dies, why, and what mends it.')
    .command(analyzeCommand(done))
    .command({ ...analyzeCommand(done), command: 'analyze <bundle..>', describe: false })
    .command(flowsCommand(done))
    .command(diffCommand(done))
    .command(explainCommand(done))
    .command(schemaCommand(done))
    .completion('completion', 'print a script that completes commands and options in bash and zsh', complete)
    .epilogue(EPILOGUE.replaceAll('$0', name))
    .strict()
    .wrap(Math.min(WIDEST, process.stdout.columns || 100))
    .help()
    .alias('help', 'h')
    .version(version())
    .exitProcess(false)
    .fail((message, error) => {
      // yargs hands some of its own complaints over as errors too.
      if (error && error.name !== 'YError') throw error;
      throw new UsageError(`${complaint(message, { program: name, args })} (see ${name} --help)`);
    });
  // Its own command would go on into the default one, as the process is not ended by yargs.
  if (args.length === 1 && args[0] === 'completion') {
    parser.showCompletionScript();
    return status;
  }
  try {
    await parser.parseAsync();
    return status;
  } catch (error) {
    const { fail } = await import('./fail.ts');
    return fail(error);
  }
};
