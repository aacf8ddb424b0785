import { basename, dirname, join, resolve } from 'node:path';
import type { Confidence } from '../../causes/facts/finding.ts';
import type { Analysis } from '../../judging/analysis.ts';
import { analyzeOpened, type OpenedBundle, openBundle } from '../../judging/analyze.ts';
import type { Language } from '../../report/language.ts';
import { renderTerminal } from '../../report/render-terminal.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { flowRequests } from '../flow-request.ts';
import { openFile } from '../open-file.ts';
import type { FORMATS, SAW } from '../options.ts';
import { progress } from '../progress.ts';
import { print, store } from '../store.ts';
import { chosenLanguage, terminalOptions } from '../terminal-options.ts';
import { wentThrough } from '../went-through.ts';

type Format = (typeof FORMATS)[number];

export interface AnalyzeArguments {
  bundle: string[];
  flow: string[] | undefined;
  from: string | undefined;
  in?: string | undefined;
  saw?: (typeof SAW)[number];
  format: Format;
  output: string | undefined;
  'fail-on': Confidence | undefined;
  list?: boolean;
  lang: string | undefined;
  redact?: boolean;
  open?: boolean;
  quiet?: boolean;
  verbose?: boolean;
}

/** Reads, analyses and writes; gives the exit status. */
export const runAnalyze = async (args: AnalyzeArguments): Promise<number> => {
  const language = chosenLanguage(args.lang);
  const flows = flowRequests(args.flow ?? [], args.from, args.in, args.saw);
  if (args.list) return list(args);
  const shown = await progress(args);
  try {
    const opened = await openBundle(args.bundle, shown);
    const found = await analyzeOpened(opened, flows, shown);
    if (args.redact) shown.stop();
    else shown.onWriting();
    const analysis = args.redact ? await redacted(found, opened, args) : found;
    const text = await rendered(analysis, args.format, language);
    shown.stop();
    await write(text, analysis, args, language);
    if (args.format === 'html') wentThrough.all = true;
    return exitCodeOf(analysis, args['fail-on']);
  } finally {
    shown.stop();
  }
};

/** `openyurt.tgz` → `openyurt-report.html` in the same folder; for standard input in the present one, and so for `.`, which has no name of its own. */
const besideBundle = (bundle: string, ending: string): string => {
  if (bundle === '-') return `bundle-${ending}`;
  const own = basename(bundle);
  const named = /^\.{0,2}$/.test(own) ? basename(resolve(bundle)) || 'bundle' : own;
  const name = named.replace(/\.(?:tgz|tar|zip|tar\.(?:gz|xz|bz2|zst))$/i, '');
  return join(dirname(bundle), `${name}-${ending}`);
};

const redacted = async (analysis: Analysis, opened: OpenedBundle, args: AnalyzeArguments): Promise<Analysis> => {
  const [{ redact }, { knownNames }] = await Promise.all([
    import('../../report/redact.ts'),
    import('../known-names.ts'),
  ]);
  const { analysis: clean, mapping } = redact(analysis, { names: knownNames(opened) });
  const named = besideBundle(args.bundle[0] ?? '-', 'redaction.json');
  const file = args.output && args.output !== '-' ? join(dirname(args.output), basename(named)) : named;
  await store(file, `${JSON.stringify(mapping, null, 2)}\n`);
  if (!args.quiet) process.stderr.write(`what stands for what, not to be passed on: ${file}\n`);
  return clean;
};

const rendered = async (analysis: Analysis, format: Format, lang: Language): Promise<string> => {
  if (format === 'json') return (await import('../../report/render-json.ts')).renderJson(analysis);
  if (format === 'md') return (await import('../../report/render-markdown.ts')).renderMarkdown(analysis, { lang });
  if (format === 'html') return (await import('../../report/render-html.ts')).renderHtml(analysis, { lang });
  return terminal(analysis, lang);
};

const terminal = (analysis: Analysis, lang: Language): string =>
  renderTerminal(analysis, { lang, ...terminalOptions() });

const write = async (text: string, analysis: Analysis, args: AnalyzeArguments, language: Language): Promise<void> => {
  const file = args.output ?? (args.format === 'html' ? besideBundle(args.bundle[0] ?? '-', 'report.html') : '-');
  if (file === '-') return print(text);
  await store(file, text);
  if (!args.quiet) {
    if (args.format === 'html') print(`${terminal(analysis, language)}\n`);
    print(file);
  }
  if (args.open) openFile(file);
};

const list = async (args: AnalyzeArguments): Promise<number> => {
  const [{ listBundle }, { readBundles }] = await Promise.all([
    import('../../bundle/listing.ts'),
    import('../../bundle/read-bundles.ts'),
  ]);
  const shown = await progress(args);
  const bundle = await readBundles(args.bundle, shown).finally(shown.stop);
  print(listBundle(bundle, process.stdout.isTTY === true));
  return 0;
};
