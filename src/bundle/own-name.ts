import type { Capture } from '../records/capture.ts';
import { sameMachine, shortest } from './names.ts';
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

/** Of several names of one machine the short one, in whatever order they come. */
const first = (captures: readonly Capture[], read: (capture: Capture) => string | undefined): string | undefined => {
  const names = captures.flatMap((capture) => {
    const name = read(capture);
    return name === undefined || name === '' || name === 'localhost' || name === '(none)' ? [] : [name];
  });
  const [one] = names;
  return one === undefined ? undefined : shortest(names.filter((name) => sameMachine(name, one)));
};
