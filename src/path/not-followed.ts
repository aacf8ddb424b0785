import { UNNAMED_DEVICE } from '../records/link.ts';
import { type Branch, finish, type StepParts } from './branch.ts';
import type { ActionValues } from './vocabulary/actions.ts';

type Why = ActionValues<'not-followed'>['why'];

/** The branch's end at a point behind which the bundle does not tell the packet's way: neither delivered nor lost. */
export const notFollowed = (b: Branch, why: Why, at: Pick<StepParts, 'place' | 'stage' | 'proofs'>): Branch => {
  const device = b.oif === undefined || b.oif === UNNAMED_DEVICE ? '' : b.oif;
  return finish(b, {
    ...at,
    device: b.oif,
    action: {
      code: 'not-followed',
      values: { why, dst: b.packet.dst, device, ...(b.nextHop === undefined ? {} : { nextHop: b.nextHop }) },
    },
    verdict: 'unknown',
  });
};
