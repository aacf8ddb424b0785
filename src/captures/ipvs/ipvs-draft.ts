import type { IpvsCounters, RealServer, VirtualService } from '../../records/ipvs.ts';
import type { Source } from '../../records/source.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export type ServerDraft = Mutable<RealServer>;
export type ServiceDraft = Omit<Mutable<VirtualService>, 'servers'> & { servers: ServerDraft[] };

const METHODS: ReadonlyMap<string, RealServer['method']> = new Map([
  ['masq', 'masq'],
  ['route', 'route'],
  ['tunnel', 'tunnel'],
  ['local', 'local'],
  ['localnode', 'local'],
  ['fullnat', 'fullnat'],
]);

/** Forwarding method by the word of a listing (`Masq`, `Route`, `FullNat`). */
export const forwardMethod = (word: string): RealServer['method'] => METHODS.get(word.toLowerCase()) ?? 'unknown';

export const countersOf = (counts: readonly number[]): IpvsCounters => ({
  connections: counts[0],
  inPackets: counts[1],
  outPackets: counts[2],
  inBytes: counts[3],
  outBytes: counts[4],
});

export const emptyServer = (source: Source, address: string, port: number): ServerDraft => ({
  source,
  address,
  port,
  method: 'unknown',
  weight: undefined,
  active: undefined,
  inactive: undefined,
  counters: undefined,
});

/**
 * The services of one capture. Scripts put several listings of the same services into one file (`-L`, then `--stats`, then `--rate`):
 * a service or server that comes again is the same one, and the later listing adds what the earlier did not print.
 */
export class ServiceDrafts {
  readonly #services = new Map<string, ServiceDraft>();
  #open: ServiceDraft | undefined;
  #openedAt = 0;

  service(draft: Omit<ServiceDraft, 'servers'>): void {
    const key = `${draft.family} ${draft.proto} ${draft.fwmark ?? `${draft.address} ${draft.port}`}`;
    const known = this.#services.get(key);
    this.#openedAt = draft.source.line;
    this.#open = known ?? { ...draft, servers: [] };
    if (known) {
      fillGaps(known, draft);
      known.onePacket ||= draft.onePacket;
    } else this.#services.set(key, this.#open);
  }

  /** False where the head of the capture was lost: a server there belongs to a service that is not known. */
  get hasOpen(): boolean {
    return this.#open !== undefined;
  }

  /** A real server of the service that was named last. */
  server(draft: ServerDraft): void {
    if (!this.#open) return;
    // Within one listing, two servers that look alike are two: their ports have names that are not known.
    const known = this.#open.servers.find(
      (server) => server.address === draft.address && server.port === draft.port && server.source.line < this.#openedAt,
    );
    if (known) fillGaps(known, draft);
    else this.#open.servers.push(draft);
  }

  /** A new listing begins: what follows belongs to no service until one is named. */
  close(): void {
    this.#open = undefined;
  }

  get services(): readonly VirtualService[] {
    return [...this.#services.values()];
  }
}

const fillGaps = <T extends object>(known: T, later: T): void => {
  const target = known as Record<string, unknown>;
  for (const [name, value] of Object.entries(later))
    if (target[name] === undefined || target[name] === 'unknown') target[name] = value;
};
