import { type Branch, finish, MAX_BRANCHES, type World } from './branch.ts';
import type { Sent } from './device/transmit.ts';
import { receive } from './input.ts';
import { localOut } from './output.ts';

/** A packet that met so many decisions goes round in circles: through namespaces, or into the same tunnel again and again. */
const MAX_STEPS = 400;

/** Lets the packet run until every branch has ended. */
export const run = (world: World, first: readonly Sent[]): readonly Branch[] => {
  const done: Branch[] = [];
  let open = [...first];
  while (open.length > 0) {
    const next: Sent[] = [];
    for (const { branch, next: how } of open) {
      if (how === 'ended' || branch.end) done.push(branch);
      else if (branch.steps.length > MAX_STEPS)
        done.push(
          finish(branch, {
            place: 'between',
            stage: 'network',
            device: branch.oif ?? branch.iif,
            action: { code: 'loop', values: { namespaces: branch.namespaces } },
            verdict: 'drop',
          }),
        );
      else next.push(...(how === 'receive' ? receive(world, branch) : localOut(world, branch)));
    }
    open = bounded(world, next, done.length);
  }
  return done;
};

/** As many ways as are left of the bound, the likeliest first: what goes round and forks each time would be without end. */
const bounded = (world: World, open: readonly Sent[], done: number): Sent[] => {
  const room = Math.max(1, MAX_BRANCHES - done);
  if (open.length <= room) return [...open];
  world.cut = true;
  return [...open].sort((a, b) => b.branch.share - a.branch.share).slice(0, room);
};
