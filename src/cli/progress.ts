import { SingleBar } from 'cli-progress';

/** What a run shows of its reading: nothing when quiet or not on a terminal, every member when verbose, one changing line otherwise. On stderr. */
export const progress = (options: {
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}): { readonly member: (file: string) => void; readonly stop: () => void } => {
  if (options.verbose)
    return { member: (file) => process.stderr.write(`reading ${JSON.stringify(file)}\n`), stop: () => undefined };
  if (options.quiet || process.stderr.isTTY !== true) return { member: () => undefined, stop: () => undefined };
  const bar = new SingleBar({
    format: 'reading: {value} members',
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
  });
  bar.start(0, 0);
  return { member: () => bar.increment(), stop: () => bar.stop() };
};
