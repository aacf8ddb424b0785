/** Nobody needs to be told of what is over within a second. */
const QUIET_MS = 1000;
const NAME_SHOWN = 60;

/** What a run shows of its reading. */
export interface Progress {
  readonly member: (file: string) => void;
  readonly stop: () => void;
}

/**
 * Nothing when quiet or not on a terminal, every member when verbose, otherwise one changing line once the reading takes longer than a second.
 * On stderr.
 */
export const progress = (options: { readonly quiet?: boolean; readonly verbose?: boolean }): Progress => {
  if (options.verbose)
    return { member: (file) => process.stderr.write(`reading ${JSON.stringify(file)}\n`), stop: () => undefined };
  if (options.quiet || process.stderr.isTTY !== true) return { member: () => undefined, stop: () => undefined };
  let members = 0;
  let last = '';
  let stopped = false;
  let erase: () => void = () => undefined;
  const begin = async (): Promise<void> => {
    const { SingleBar } = (await import('cli-progress')).default;
    if (stopped) return;
    const bar = new SingleBar({
      format: 'reading: {value} files, {file}',
      stream: process.stderr,
      clearOnComplete: true,
      hideCursor: true,
    });
    bar.start(0, members, { file: last });
    shown = () => bar.update(members, { file: last });
    erase = () => bar.stop();
  };
  let shown: () => void = () => undefined;
  const timer = setTimeout(begin, QUIET_MS);
  return {
    member: (file) => {
      members += 1;
      // Of a hostile name only what is no control character.
      last = JSON.stringify(file).slice(1, -1).slice(-NAME_SHOWN);
      shown();
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      erase();
    },
  };
};
