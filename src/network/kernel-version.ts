import type { KernelVersion } from '../records/host.ts';

/** Whether a kernel is of a release (`6.9`) or a later one; undefined where the bundle does not name it. */
export const isKernelSince = (kernel: KernelVersion | undefined, major: number, minor: number): boolean | undefined => {
  const found = /^(\d+)\.(\d+)/.exec(kernel?.release ?? '');
  if (!found) return undefined;
  return Number(found[1]) > major || (Number(found[1]) === major && Number(found[2]) >= minor);
};
