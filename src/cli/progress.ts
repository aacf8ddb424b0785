import type { SingleBar } from 'cli-progress';
import type { Watch } from '../judging/analyze.ts';

/** Nobody needs to be told of what is over within a second. */
const QUIET_MS = 1000;
const BAR = 24;

/** What a run shows of itself on stderr. */
export interface Progress extends Required<Watch> {
  readonly onWriting: () => void;
  readonly stop: () => void;
}

const ignore = (): void => undefined;
const SILENT: Progress = { onMember: ignore, onBytes: ignore, onStage: ignore, onWriting: ignore, stop: ignore };

/**
 * Nothing when quiet or not on a terminal, every member and stage as a line when verbose, otherwise one changing line once the run takes longer than a second: how
 * much of the archive is read, and then which flow is walked. It draws when it is told something, for the walk leaves no time in between; and it changes nothing of
 * the terminal, so that whoever interrupts the run has it back as it was.
 */
export const progress = async (options: {
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}): Promise<Progress> => {
  if (options.verbose) return spoken((text) => process.stderr.write(`${text}\n`));
  if (options.quiet || process.stderr.isTTY !== true) return SILENT;
  const { SingleBar } = (await import('cli-progress')).default;
  return drawn(
    (format) =>
      new SingleBar({
        format,
        stream: process.stderr,
        clearOnComplete: true,
        gracefulExit: false,
        linewrap: true,
      }),
  );
};

const spoken = (say: (text: string) => void): Progress => {
  let last = '';
  const once = (text: string): void => {
    if (text !== last) say(text);
    last = text;
  };
  return {
    ...SILENT,
    onMember: (file) => say(`reading ${JSON.stringify(file)}`),
    onStage: (stage, flow, of) => once(stageText(stage, flow, of)),
    onWriting: () => once('writing the report'),
  };
};

const drawn = (barOf: (format: () => string) => SingleBar): Progress => {
  const started = Date.now();
  let bar: SingleBar | undefined;
  let text = '';
  const format = (): string => text.slice(0, Math.max(10, (process.stderr.columns ?? 80) - 1));
  const show = (shown: string, atOnce: boolean): void => {
    text = shown;
    if (bar) {
      bar.update({});
      if (atOnce) bar.render();
    } else if (Date.now() - started > QUIET_MS) {
      bar = barOf(format);
      bar.start(1, 0);
    }
  };
  let [taken, total, members, file] = [0, 0, 0, ''];
  let stage = '';
  const reading = (): void =>
    show(stage === '' ? readingText({ taken, total, members, file }) : againText(stage, taken, total), false);
  return {
    onMember: (name) => {
      members += 1;
      // Of a hostile name only what is no control character.
      file = JSON.stringify(name).slice(1, -1);
      reading();
    },
    onBytes: (...now) => {
      [taken, total] = now;
      reading();
    },
    onStage: (...at) => {
      stage = stageText(...at);
      show(stage, true);
    },
    onWriting: () => show('writing the report', true),
    stop: () => {
      bar?.stop();
      bar = undefined;
    },
  };
};

interface Reading {
  readonly taken: number;
  /** 0 where it is not known. */
  readonly total: number;
  readonly members: number;
  readonly file: string;
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);

const readingText = ({ taken, total, members, file }: Reading): string => {
  const files = `${members} ${members === 1 ? 'file' : 'files'}`;
  if (total === 0) return `reading: ${files}, ${file}`;
  const part = Math.min(1, taken / total);
  const full = Math.round(part * BAR);
  const amount = `${String(Math.floor(part * 100)).padStart(3)}% of ${megabytes(total)} MB`;
  return `reading [${'='.repeat(full)}${' '.repeat(BAR - full)}] ${amount}, ${files}, ${file}`;
};

/** The archive is gone through a second time for something. */
const againText = (stage: string, taken: number, total: number): string =>
  total === 0 ? stage : `${stage}: ${Math.floor((100 * taken) / total)}%`;

const stageText = (...[stage, flow, of]: Parameters<NonNullable<Watch['onStage']>>): string => {
  if (stage === 'walking') return of === 1 ? 'walking the flow' : `walking flow ${flow} of ${of}`;
  return stage === 'finding' ? 'looking for broken flows' : 'looking up the quoted lines';
};
