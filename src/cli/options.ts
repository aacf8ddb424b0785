import type { Options } from 'yargs';

/** Where the bundle is, as every command takes it. */
export const BUNDLE_WORDS = 'archive, folder, text file, or - for standard input';

/** Confidence in a finding, the strongest first. */
export const CONFIDENCES = ['certain', 'likely', 'possible'] as const;
/** What a client can see become of its attempt. */
export const SAW = ['timeout', 'refused', 'reset', 'unreachable', 'slow', 'ok'] as const;
export const FORMATS = ['html', 'json', 'md', 'text'] as const;

const lang = {
  type: 'string',
  requiresArg: true,
  describe: 'language of the words: en or zh-CN; by default that of the environment',
} as const satisfies Options;
const from = {
  type: 'string',
  requiresArg: true,
  describe:
    "who sends the flow: NODE, or NODE/POD for a pod's network namespace; where the source is not an address of theirs, who receives it",
} as const satisfies Options;
const arrival = {
  type: 'string',
  requiresArg: true,
  describe: 'where the flow is received, on a router, a gateway or the server: NODE, or NODE/DEVICE',
} as const satisfies Options;
const verbose = {
  alias: 'v',
  type: 'boolean',
  describe: 'name every member of the archive while it is read',
} as const satisfies Options;

export const ANALYZE_OPTIONS = {
  flow: {
    type: 'string',
    array: true,
    nargs: 1,
    describe:
      "a flow to follow, 'SRC[:PORT] -> DST[:PORT][/PROTO]', ends also as pod/NS/NAME, svc/NS/NAME:PORT, node/NAME; may be repeated; without it the broken flows are looked for",
  },
  from,
  in: arrival,
  saw: {
    choices: SAW,
    describe: 'what the client saw: it counts for more than what the captures leave open',
  },
  format: {
    choices: FORMATS,
    default: 'html',
    describe: 'html writes a page beside the bundle and prints the verdict; json, md and text are printed',
  },
  output: { alias: 'o', type: 'string', requiresArg: true, describe: 'file to write; - for standard output' },
  lang,
  redact: {
    type: 'boolean',
    describe: 'replace addresses and names; what stands for what is written to a separate file',
  },
  'fail-on': {
    choices: CONFIDENCES,
    describe: 'exit with 1 if a cause of this confidence or a stronger one was found',
  },
  open: { type: 'boolean', describe: 'open the page when it is written' },
  list: {
    type: 'boolean',
    describe: 'only tell which file was taken for which capture of which node, and what was ignored',
  },
  quiet: {
    alias: 'q',
    type: 'boolean',
    describe: 'print only what was asked for with --format or -o -, and errors',
  },
  verbose,
} as const satisfies Readonly<Record<string, Options>>;

export const FLOWS_OPTIONS = { verbose } as const satisfies Readonly<Record<string, Options>>;

export const DIFF_OPTIONS = {
  flow: {
    type: 'string',
    nargs: 1,
    describe: 'the flow to follow in both; without it the broken flow of BAD is taken',
  },
  from,
  in: arrival,
  format: { choices: ['text', 'json'], default: 'text', describe: 'text for people, json for programs' },
  output: { alias: 'o', type: 'string', requiresArg: true, describe: 'file to write instead of standard output' },
  lang,
  verbose,
} as const satisfies Readonly<Record<string, Options>>;

export const EXPLAIN_OPTIONS = { lang } as const satisfies Readonly<Record<string, Options>>;

/** Names and aliases of all options, for the nearest one to a mistyped name. */
export const OPTION_NAMES: readonly string[] = [
  ...new Set(
    [ANALYZE_OPTIONS, FLOWS_OPTIONS, DIFF_OPTIONS, EXPLAIN_OPTIONS].flatMap((options) => Object.keys(options)),
  ),
  'help',
  'version',
];

export const COMMAND_NAMES: readonly string[] = ['analyze', 'flows', 'diff', 'explain', 'schema', 'completion'];
