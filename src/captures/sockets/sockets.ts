import { parse } from '#grammars/sockets';
import type { Socket } from '../../records/socket.ts';
import { canonicalAddress } from '../../tables/address.ts';
import { Interner } from '../../tables/interner.ts';
import { servicePort } from '../../tables/service-ports.ts';
import { type CaptureInput, type CaptureModule, type CaptureReader, grammarReader, LineSink } from '../module.ts';
import { PROC_HEAD, procProto, procSockets } from './proc-sockets.ts';
import { socketsMask } from './sockets-mask.ts';

/** netstat's names of TCP states, in ss's words. */
const NETSTAT_STATES: Readonly<Record<string, string>> = {
  ESTABLISHED: 'ESTAB',
  SYN_SENT: 'SYN-SENT',
  SYN_RECV: 'SYN-RECV',
  FIN_WAIT1: 'FIN-WAIT-1',
  FIN_WAIT2: 'FIN-WAIT-2',
  TIME_WAIT: 'TIME-WAIT',
  CLOSE: 'UNCONN',
  CLOSE_WAIT: 'CLOSE-WAIT',
  LAST_ACK: 'LAST-ACK',
  LISTEN: 'LISTEN',
  CLOSING: 'CLOSING',
};

/** `ss -t state established` leaves the column out, as all sockets are in that state. */
const FILTERS: Readonly<Record<string, string>> = {
  established: 'ESTAB',
  listening: 'LISTEN',
  'time-wait': 'TIME-WAIT',
  'syn-sent': 'SYN-SENT',
  'syn-recv': 'SYN-RECV',
  'close-wait': 'CLOSE-WAIT',
};

const optionLetters = (command: string | undefined): string =>
  [...(command ?? '').matchAll(/(?:^|[\s_])-([A-Za-z0-9]+)/g)].map((match) => match[1]).join('');

/** The protocol where ss left the column out because only one was asked for. */
const askedProto = (command: string | undefined): string | undefined => {
  const letters = optionLetters(command);
  const asked = [
    [/t/, /--tcp\b/, 'tcp'],
    [/u/, /--udp\b/, 'udp'],
    [/w/, /--raw\b/, 'raw'],
    [/S/, /--sctp\b/, 'sctp'],
    [/d/, /--dccp\b/, 'dccp'],
  ] as const;
  const found = asked.filter(([letter, word]) => letter.test(letters) || word.test(command ?? ''));
  return found.length === 1 ? found[0]?.[2] : undefined;
};

/** A port as number or, without -n, service name; undefined for `*` and for names that are not known. */
const portOf = (text: string): number | undefined => (/^\d{1,5}$/.test(text) ? Number(text) : servicePort(text));

interface End {
  readonly address: string;
  readonly device: string | undefined;
  readonly port: number | undefined;
}

class SocketSink extends LineSink {
  readonly sockets: { -readonly [K in keyof Socket]: Socket[K] }[] = [];
  readonly #names = new Interner();
  readonly #proto: string | undefined;
  readonly #filter: string | undefined;
  /** True below a socket of any family: an indented line then tells more about it. */
  opened = false;
  #hasState = true;
  #current: { -readonly [K in keyof Socket]: Socket[K] } | undefined;

  constructor(input: CaptureInput) {
    super(input);
    this.#proto = askedProto(input.command);
    this.#filter = FILTERS[/\bstate[ _]+([a-z-]+)/.exec(input.command ?? '')?.[1] ?? ''];
  }

  get leavesOutState(): boolean {
    return !this.#hasState;
  }

  heading(text: string): void {
    this.#hasState = /\bState\b/.test(text);
    this.opened = false;
    this.ignore();
  }

  ss(
    proto: string | null,
    state: string | null,
    recvQ: number,
    sendQ: number,
    local: string,
    peer: string,
    rest: string,
  ): void {
    const known = state ?? this.#filter ?? 'UNKNOWN';
    const used = proto ?? this.#proto ?? (known === 'UNCONN' ? 'udp' : 'tcp');
    this.#add(used === 'udpl' ? 'udplite' : used, known, recvQ, sendQ, local, peer);
    this.opened = true;
    this.#tell(rest);
  }

  netstat(proto: string, recvQ: number, sendQ: number, local: string, peer: string, rest: string): void {
    const words = rest.trim().split(/\s+/);
    const state = NETSTAT_STATES[words[0] ?? ''];
    this.#add(proto, state ?? (this.#end(peer).port === undefined ? 'UNCONN' : 'ESTAB'), recvQ, sendQ, local, peer);
    const program = /(?:^|\s)\d+\/(.*?)(?:\s+(?:off|on|keepalive|timewait|probe)\s+\([\d./]+\))?\s*$/.exec(rest)?.[1];
    if (this.#current && program) this.#current.process = this.#names.intern(program);
    this.opened = false;
  }

  otherFamily(): void {
    this.ignore();
    this.#current = undefined;
    this.opened = true;
  }

  detail(text: string): void {
    this.ignore();
    this.#tell(text);
  }

  #add(proto: string, state: string, recvQ: number, sendQ: number, local: string, peer: string): void {
    const here = this.#end(local);
    const there = this.#end(peer);
    this.records += 1;
    this.#current = {
      source: this.source(),
      proto: this.#names.intern(proto),
      state: this.#names.intern(state),
      recvQ,
      sendQ,
      local: here.address,
      localPort: here.port,
      localDev: here.device,
      peer: there.address,
      peerPort: there.port,
      process: undefined,
      // ss writes `*` for a socket that takes both families since it puts IPv6 addresses into brackets: `[::]` takes IPv6 only.
      v6only: local.startsWith('[::]') ? true : undefined,
    };
    this.sockets.push(this.#current);
  }

  /** `10.0.0.1%eth0:80`, `[fe80::1]%eth0:80`, `:::80`, `*:80`, `*`. */
  #end(text: string): End {
    const colon = text.lastIndexOf(':');
    const host = colon < 0 || text.endsWith(']') ? text : text.slice(0, colon);
    const percent = host.indexOf('%');
    const name = (percent < 0 ? host : host.slice(0, percent)).replace(/^\[|\]$/g, '');
    const device = percent < 0 ? undefined : host.slice(percent + 1).replace(/\]$/, '');
    return {
      address: this.#names.intern(canonicalAddress(name) ?? name),
      device: device === undefined ? undefined : this.#names.intern(device),
      port: host === text ? undefined : portOf(text.slice(colon + 1)),
    };
  }

  #tell(text: string): void {
    const current = this.#current;
    if (!current) return;
    const v6only = /\bv6only:([01])\b/.exec(text)?.[1];
    if (v6only !== undefined) current.v6only = v6only === '1';
    const users = text.indexOf('users:(');
    if (users < 0) return;
    const names = new Set([...text.slice(users).matchAll(/\("((?:[^"\\]|\\.)*)"/g)].map((match) => match[1] ?? ''));
    if (names.size > 0) current.process = this.#names.intern([...names].join(', '));
  }
}

const open = (input: CaptureInput): CaptureReader => {
  const reader = grammarReader(input, new SocketSink(input), parse, (sink) => ({ sockets: [...sink.sockets] }));
  let proto: 'tcp' | 'udp' | undefined;
  return {
    read(slice) {
      if (PROC_HEAD.test(slice)) proto = procProto(input.command ?? input.file, slice);
      reader.read(proto ? procSockets(slice, proto) : slice);
    },
    end: reader.end,
  };
};

/** `ss` (iproute2 misc/ss.c), /proc/net/tcp and its kin, and `netstat` (net-tools, busybox). */
export const sockets: CaptureModule = {
  programs: 'ss netstat',
  options:
    'antp anp tunap tulpn tupna tulnp tlnp ulnp plnt lntp lntup tlpn anu ant ane anop peaonmi neopa agn an tan uan itan established listening',
  precedence: 170,
  mask: socketsMask,
  formats: [
    {
      kind: 'sockets',
      words: [
        { words: 'netstat' },
        { words: 'proc net tcp|tcp6|udp|udp6|udplite|udplite6' },
        { words: 'net tcp|tcp6|udp|udp6', common: true },
        { words: 'ss|ssanp|ssitan|ssuapn|ssantp|sstunlp4|sstunlp6' },
        { words: 'sockets', common: true },
      ],
      refined: ({ word, before }) =>
        before === 'netstat' && (word === 's' || word === 'statistics') ? 'counters' : undefined,
      paths: [/(?:^|\/)proc\/(?:(?:self|\d{1,10})\/)?net\/(?:tcp|udp)6?$/],
      firstLine: /^(?:Netid\s+)?State\s+Recv-Q\s+Send-Q|^Active Internet connections/,
      scope: 'namespace',
      collect: 'ss -antup',
    },
  ],
  open,
  sniff: (head) =>
    PROC_HEAD.test(head) ||
    /^(?:Netid\s+)?(?:State\s+)?Recv-Q\s+Send-Q\s|^Active Internet connections|^Proto\s+Recv-Q\s+Send-Q|^Total: \d+(?: \(kernel \d+\))?\nTCP: /m.test(
      head,
    )
      ? 'sockets'
      : undefined,
};
