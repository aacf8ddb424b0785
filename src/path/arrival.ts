import type { Branch } from './branch.ts';

/** A packet from outside the bundle at the device by which the namespace receives it. */
export const arrived = (b: Branch, device: string | undefined): Branch => ({ ...b, iif: device });
