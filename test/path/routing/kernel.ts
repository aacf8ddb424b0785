import { execFileSync, spawnSync } from 'node:child_process';
import { buildNamespace } from '../../../src/network/build-namespace.ts';
import type { NetNamespace } from '../../../src/network/namespace.ts';
import { read } from '../../captures/fixture.ts';

/** Numbers that are the same in every run (mulberry32). */
export const randomOf = (seed: number) => {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return {
    /** 0 … n-1. */
    below: (n: number): number => Math.floor(next() * n),
    chance: (p: number): boolean => next() < p,
    pick: <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T,
  };
};
export type Random = ReturnType<typeof randomOf>;

/** Why no namespace can be made here; undefined where one can. */
export const whyNotHere = (): string | undefined => {
  if (process.getuid?.() !== 0) return 'not root';
  const probe = spawnSync('ip', ['netns', 'add', `${PREFIX}probe`], { encoding: 'utf8' });
  if (probe.status !== 0) return `ip netns add: ${probe.error?.message ?? probe.stderr}`;
  spawnSync('ip', ['netns', 'del', `${PREFIX}probe`]);
  return undefined;
};
const PREFIX = `routing-${process.pid}-`;

/** A network namespace of this machine's kernel, with veth devices whose far ends are in another one. */
export class KernelNamespace {
  readonly #name: string;
  readonly #far: string;

  constructor(name: string, devices: readonly string[]) {
    this.#name = PREFIX + name;
    this.#far = `${this.#name}-far`;
    for (const ns of [this.#name, this.#far]) execFileSync('ip', ['netns', 'add', ns]);
    this.run([
      'link set lo up',
      ...devices.flatMap((d) => [`link add ${d} type veth peer name ${d} netns ${this.#far}`, `link set ${d} up`]),
    ]);
    for (const d of devices) execFileSync('ip', ['-n', this.#far, 'link', 'set', d, 'up']);
  }

  /** `ip` commands; those that the kernel refuses are left out. */
  run(commands: readonly string[]): void {
    spawnSync('ip', ['-n', this.#name, '-force', '-batch', '-'], {
      input: `${commands.join('\n')}\n`,
      encoding: 'utf8',
    });
  }

  sysctl(values: Readonly<Record<string, number>>): void {
    const words = Object.entries(values).map(([name, value]) => `${name}=${value}`);
    spawnSync('ip', ['netns', 'exec', this.#name, 'sysctl', '-q', '-w', ...words]);
  }

  output(...words: readonly string[]): string {
    return execFileSync('ip', ['-n', this.#name, ...words], { encoding: 'utf8', maxBuffer: 1 << 26 });
  }

  /** `ip -j route get`: the answer, or the error's text. */
  get(words: readonly string[]): Record<string, unknown> | string {
    const { status, stdout, stderr } = spawnSync('ip', ['-n', this.#name, '-j', ...words], { encoding: 'utf8' });
    if (status !== 0) return stderr.replace(/^RTNETLINK answers: /, '').trim();
    return (JSON.parse(stdout) as Record<string, unknown>[])[0] ?? 'nothing';
  }

  /** What a support bundle would hold of it, put together. */
  captured(): NetNamespace {
    const sysctls = spawnSync('ip', ['netns', 'exec', this.#name, 'sysctl', '-a'], { encoding: 'utf8' }).stdout;
    return buildNamespace('node', '', [
      read('ip-addr', this.output('-d', 'addr', 'show')),
      read('ip-route', this.output('-4', 'route', 'show', 'table', 'all')),
      read('ip-route', this.output('-6', 'route', 'show', 'table', 'all'), { family: 6 }),
      read('ip-rule', this.output('-4', 'rule')),
      read('ip-rule', this.output('-6', 'rule'), { family: 6 }),
      read('sysctl', sysctls),
    ]);
  }

  remove(): void {
    for (const ns of [this.#name, this.#far]) spawnSync('ip', ['netns', 'del', ns]);
  }
}
