import type { Capture } from '../records/capture.ts';
import type { Found } from './read/finding.ts';

/** What a node's captures call it: hostname, then uname, then the sysctl. */
export const ownName = (list: readonly Found[]): string | undefined => {
  const captures = list.flatMap((f) => (f.capture ? [f.capture] : []));
  return (
    first(captures, (c) => c.data.hostname) ??
    first(captures, (c) => c.data.kernel?.hostname) ??
    first(captures, (c) => c.data.sysctls?.find((s) => s.name === 'kernel.hostname')?.value)
  );
};

const first = (captures: readonly Capture[], read: (capture: Capture) => string | undefined): string | undefined => {
  for (const capture of captures) {
    const name = read(capture);
    if (name !== undefined && name !== '' && name !== 'localhost' && name !== '(none)') return name;
  }
  return undefined;
};
