import { parse } from '#grammars/ipvsadm';
import type { CaptureData, CaptureKind } from '../../records/capture.ts';
import type { IpvsConnection, IpvsTimeouts, VirtualService } from '../../records/ipvs.ts';
import { numberToIpv4 } from '../../tables/address.ts';
import { flatten } from '../../tables/interner.ts';
import type { OptionWord } from '../format.ts';
import { usualMask } from '../masking/masked-lines.ts';
import { type CaptureModule, grammarReader, LineSink } from '../module.ts';
import { countersOf, emptyServer, forwardMethod, ServiceDrafts } from './ipvs-draft.ts';
import { ipvsEndpoint } from './ipvs-endpoint.ts';
import { type SavedOptions, savedOptions } from './ipvs-saved-options.ts';

type Flag = readonly ['persistent', number, string | null] | readonly ['mask' | 'pe' | 'word', string];
type ServiceColumns =
  | { readonly counts: readonly number[] }
  | { readonly scheduler: string; readonly flags: readonly Flag[] };
type ServerColumns =
  | { readonly counts: readonly number[] }
  | { readonly limits: readonly [number, number, number, number] }
  | {
      readonly method: string;
      readonly tunnel: string | null;
      readonly weight: number;
      readonly active: number;
      readonly inactive: number;
      readonly flags: readonly string[];
    };

const PROTOCOLS: ReadonlyMap<string, VirtualService['proto']> = new Map([
  ['TCP', 'tcp'],
  ['UDP', 'udp'],
  ['SCTP', 'sctp'],
  ['-t', 'tcp'],
  ['-u', 'udp'],
  ['-f', 'fwmark'],
  ['--sctp-service', 'sctp'],
]);
const UNITS = { K: 1e3, M: 1e6, G: 1e9, T: 1e12 };
/** The mask that persistence has when none was asked for. */
const SINGLE_CLIENT = new Set(['255.255.255.255', '128']);

class IpvsSink extends LineSink {
  readonly drafts = new ServiceDrafts();
  readonly connections: IpvsConnection[] = [];
  timeoutsRecord: IpvsTimeouts | undefined;
  inStatistics = false;
  /** Servers that come now are those of a service that is not kept. */
  inOtherService = false;
  #connectionsSeen = false;
  /** The listing is /proc/net/ip_vs: addresses, ports and marks are hexadecimal. */
  #kernelTable = false;
  #fiveAreRates = false;
  #fourAreThresholds = false;

  listing(): void {
    this.drafts.close();
    this.inOtherService = false;
    this.inStatistics = false;
    this.#kernelTable = false;
    this.ignore();
  }

  serviceHead(columns: string): void {
    this.#fiveAreRates = columns.includes('CPS');
    this.#fourAreThresholds = columns.includes('Uthreshold');
    this.ignore();
  }

  serverHead(columns: string): void {
    // ipvsadm pads the address column, the kernel's own head has one blank.
    this.#kernelTable = /^ Forward/.test(columns);
    this.ignore();
  }

  connectionHead(): void {
    this.#connectionsSeen = true;
    this.ignore();
  }

  statisticsHead(): void {
    this.inStatistics = true;
    this.ignore();
  }

  amount(digits: string, unit: keyof typeof UNITS | null): number {
    return Number(digits) * (unit === null ? 1 : UNITS[unit]);
  }

  get hasService(): boolean {
    return this.drafts.hasOpen;
  }

  otherService(): void {
    this.drafts.close();
    this.inOtherService = true;
    this.ignore();
  }

  /** The servers below a service that could not be read are not those of the one above it. */
  override raw(text: string): void {
    if (/^[A-Z]{3,8}[ \t]/.test(text)) {
      this.drafts.close();
      this.inOtherService = false;
    }
    super.raw(text);
  }

  service(proto: string, name: string, columns: ServiceColumns): void {
    this.#add(
      { proto: PROTOCOLS.get(proto) ?? 'tcp', ...ipvsEndpoint(name, this.#kernelTable), fwmark: undefined },
      columns,
    );
  }

  markService(mark: string, ipv6: boolean, columns: ServiceColumns): void {
    // The kernel prints eight hexadecimal digits, ipvsadm a decimal number.
    const fwmark = this.#kernelTable || /[A-F]/.test(mark) ? Number.parseInt(mark, 16) : Number(mark);
    this.#add({ proto: 'fwmark', address: undefined, port: undefined, fwmark, family: ipv6 ? 6 : 4 }, columns);
  }

  #add(
    identity: Pick<VirtualService, 'proto' | 'address' | 'port' | 'fwmark' | 'family'>,
    columns: ServiceColumns,
  ): void {
    const counts = 'counts' in columns ? countersOf(columns.counts) : undefined;
    this.records += 1;
    this.inOtherService = false;
    this.drafts.service({
      source: this.source(),
      ...identity,
      scheduler: 'scheduler' in columns ? flatten(columns.scheduler) : undefined,
      counters: this.#fiveAreRates ? undefined : counts,
      rates: this.#fiveAreRates ? counts : undefined,
      ...serviceFlags('flags' in columns ? columns.flags : []),
    });
  }

  server(name: string, columns: ServerColumns): void {
    const { address, port } = ipvsEndpoint(name, this.#kernelTable);
    const server = emptyServer(this.source(), address, port);
    if ('counts' in columns) {
      if (this.#fiveAreRates) server.rates = countersOf(columns.counts);
      else server.counters = countersOf(columns.counts);
    } else if ('limits' in columns) {
      const [first, second, active, inactive] = columns.limits;
      if (this.#fourAreThresholds) {
        server.upperThreshold = first;
        server.lowerThreshold = second;
      } else {
        server.weight = first;
        server.persistentConnections = second;
      }
      server.active = active;
      server.inactive = inactive;
    } else {
      server.method = forwardMethod(columns.method);
      server.weight = columns.weight;
      server.active = columns.active;
      server.inactive = columns.inactive;
      if (columns.flags.length > 0) server.flags = columns.flags.map(flatten);
    }
    this.records += 1;
    this.drafts.server(server);
  }

  savedService(kind: string, name: string, words: readonly string[]): void {
    this.records += 1;
    this.#openSaved(kind, name, savedOptions(words.map(flatten)));
  }

  savedServer(kind: string, name: string, words: readonly string[]): void {
    const options = savedOptions(words.map(flatten));
    this.records += 1;
    this.#openSaved(kind, name, options);
    const { address, port } = ipvsEndpoint(options.server ?? '', false);
    this.drafts.server({
      ...emptyServer(this.source(), address, port),
      method: options.method,
      weight: options.weight,
      upperThreshold: options.upperThreshold,
      lowerThreshold: options.lowerThreshold,
    });
  }

  #openSaved(kind: string, name: string, options: SavedOptions): void {
    const mark = kind === '-f';
    const endpoint = mark ? undefined : ipvsEndpoint(name, false);
    this.drafts.service({
      source: this.source(),
      family: endpoint?.family ?? (options.ipv6 ? 6 : 4),
      proto: PROTOCOLS.get(kind) ?? 'tcp',
      address: endpoint?.address,
      port: endpoint?.port,
      fwmark: mark ? Number(name) : undefined,
      scheduler: options.scheduler,
      persistent: options.persistent,
      persistentMask: options.persistentMask,
      onePacket: options.onePacket,
      engine: options.engine,
      counters: undefined,
    });
  }

  connection(
    kernelTable: boolean,
    proto: string,
    expire: number,
    state: string,
    clientText: string,
    virtualText: string,
    serverText: string,
    engine: string | null,
    engineData: string | null,
  ): void {
    const client = ipvsEndpoint(clientText, kernelTable);
    const virtual = ipvsEndpoint(virtualText, kernelTable);
    const server = ipvsEndpoint(serverText, kernelTable);
    this.records += 1;
    this.connections.push({
      source: this.source(),
      proto: proto.toLowerCase(),
      expire,
      state: flatten(state),
      client: client.address,
      clientPort: client.port,
      virtual: virtual.address,
      virtualPort: virtual.port,
      server: server.address,
      serverPort: server.port,
      ...(engine === null ? {} : { engine: flatten(engine), engineData: flatten(engineData?.trimEnd() ?? '') }),
    });
  }

  timeouts(tcp: number, tcpFin: number, udp: number): void {
    this.records += 1;
    this.timeoutsRecord = { source: this.source(), tcp, tcpFin, udp };
  }

  data(kind: CaptureKind): CaptureData {
    // A line that is read a second time, for its error message, finds no service to belong to.
    this.drafts.close();
    this.inStatistics = false;
    const { services } = this.drafts;
    const withConnections = kind === 'ipvsadm-connections' || this.#connectionsSeen || this.connections.length > 0;
    return {
      ...(kind === 'ipvsadm' || services.length > 0 ? { services } : {}),
      ...(withConnections ? { ipvsConnections: this.connections } : {}),
      ...(this.timeoutsRecord ? { ipvsTimeouts: this.timeoutsRecord } : {}),
    };
  }
}

const serviceFlags = (
  flags: readonly Flag[],
): Pick<VirtualService, 'persistent' | 'persistentMask' | 'onePacket' | 'engine' | 'flags'> => {
  let persistent: number | undefined;
  let persistentMask: string | undefined;
  let engine: string | undefined;
  let onePacket = false;
  const words: string[] = [];
  for (const flag of flags) {
    if (flag[0] === 'persistent') {
      const mask = flag[2];
      persistent = mask === null ? flag[1] : 0;
      if (mask !== null) persistentMask = numberToIpv4(Number.parseInt(mask, 16));
    } else if (flag[0] === 'mask') persistentMask = flatten(flag[1]);
    else if (flag[0] === 'pe') engine = flatten(flag[1]);
    else if (flag[1] === 'ops') onePacket = true;
    else words.push(flatten(flag[1]));
  }
  if (persistentMask !== undefined && SINGLE_CLIENT.has(persistentMask)) persistentMask = undefined;
  return { persistent, persistentMask, engine, onePacket, ...(words.length > 0 ? { flags: words } : {}) };
};

/** `-c` and `--timeout` list something else; `persistent` stands before a word of its own. */
const refined = ({ word, before }: OptionWord): CaptureKind | undefined => {
  if (before === 'persistent') return undefined;
  if (/^(?:c|lnc|lc|lcn|connections?|conns?)$/.test(word)) return 'ipvsadm-connections';
  return word === 'timeout' ? 'ipvsadm-timeout' : undefined;
};

/**
 * IP Virtual Server: `ipvsadm -L` in all its forms, `-S`, `-Lc`, `--timeout` (ipvsadm.c) and the kernel's tables
 * (net/netfilter/ipvs/ip_vs_ctl.c, ip_vs_conn.c). Scripts put several listings into one file, so all kinds share one grammar.
 */
export const ipvsadm: CaptureModule = {
  programs: 'ipvsadm ipvsadm-save',
  options: 'rate thresholds threshold persistent persist sort daemon timeout connection connections conn lnc lc',
  precedence: 70,
  mask: usualMask,
  formats: [
    {
      kind: 'ipvsadm',
      words: [
        { words: 'ipvsadm' },
        { words: 'ipvsadmln' }, // Totals of all services: no list of them.
        { words: 'ip vs stats', common: true },
        { words: 'ip vs' },
        { words: 'ipvs' },
      ],
      refined: refined,
      paths: [/(?:^|\/)proc\/(?:(?:self|\d{1,10})\/)?net\/ip_vs$/],
      firstLine: /^IP Virtual Server version /,
      kin: 'ipvsadm',
      scope: 'namespace',
      collect: 'ipvsadm -Ln',
    },
    {
      kind: 'ipvsadm-connections',
      words: [
        { words: 'ipvsadm connections|connection|conn|conns|c|lnc|lc|lcn' },
        { words: 'ipvsadm ln|l|list connection|connections|conn|c' },
        { words: 'ip vs conn' },
        { words: 'ipvs connections|connection|conn' },
      ],
      paths: [/(?:^|\/)proc\/(?:(?:self|\d{1,10})\/)?net\/ip_vs_conn$/],
      firstLine: /^IPVS connection entries$/,
      kin: 'ipvsadm',
      scope: 'namespace',
      collect: 'ipvsadm -Lnc',
    },
    {
      kind: 'ipvsadm-timeout',
      words: [{ words: 'ipvsadm timeout|timeouts' }, { words: 'ipvsadm ln|l|list timeout' }],
      kin: 'ipvsadm',
      scope: 'namespace',
      collect: 'ipvsadm -L --timeout',
    },
  ],
  open: (input) => grammarReader(input, new IpvsSink(input), parse, (sink) => sink.data(input.kind)),
  sniff: (head) => {
    if (/^IPVS connection entries$|^pro expire state |^Pro FromIP +FPrt /m.test(head)) return 'ipvsadm-connections';
    if (/^Timeout \(tcp tcpfin udp\):/m.test(head)) return 'ipvsadm-timeout';
    return /^IP Virtual Server version |^Prot LocalAddress:Port |^-A (?:-[tu] \S*[^\s\d]\S*|-f \d+|--sctp-service \S+) (?:-6 )?-s /m.test(
      head,
    )
      ? 'ipvsadm'
      : undefined;
  },
};
