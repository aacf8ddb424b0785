import type { Layout, LayoutId } from './layout.ts';
import { LAYOUTS } from './registry.ts';

/** The output of one run of a collector inside the bundle. */
export interface Unit {
  /** What its members' paths begin with, slash included; '' for the whole bundle. */
  readonly root: string;
  readonly layout: Layout;
}

/** Which collectors wrote which parts of a bundle: learned from the members' names. */
export class Units {
  readonly #units = new Map<string, Unit>();

  learn(path: string): void {
    for (const layout of LAYOUTS)
      for (const marker of layout.markers) {
        const match = marker.exec(path);
        if (!match) continue;
        const root = match.groups?.root ?? '';
        if (!this.#covered(root, layout.id)) this.#units.set(root, { root, layout });
        return;
      }
  }

  /** A collector's copy of another collector's folder is no run of its own; an archive in the archive is one. */
  #covered(root: string, id: LayoutId): boolean {
    for (const unit of this.#units.values())
      if (
        root.startsWith(unit.root) &&
        (root === unit.root || (unit.layout.id === id && !root.slice(unit.root.length).includes('!/')))
      )
        return true;
    return false;
  }

  /** The innermost run that a member belongs to. */
  of(path: string): Unit | undefined {
    let best: Unit | undefined;
    for (const unit of this.#units.values())
      if (path.startsWith(unit.root) && unit.root.length >= (best?.root.length ?? 0)) best = unit;
    return best;
  }

  /** The same for units that tell the same of every member. */
  get signature(): string {
    return [...this.#units.values()].map(({ root, layout }) => `${layout.id} ${root}`).join('\n');
  }

  /** The layout of the bundle as a whole: that of its outermost run. */
  get layout(): LayoutId {
    let best: Unit | undefined;
    for (const unit of this.#units.values()) if (!best || unit.root.length < best.root.length) best = unit;
    return best?.layout.id ?? 'generic';
  }
}
