import type { Sourced } from './source.ts';

/** A traffic selector; ports and protocol undefined where they are wildcards. Prefixes as printed (`10.0.0.0/24`). */
export interface Selector {
  readonly src: string;
  readonly dst: string;
  readonly proto: string | undefined;
  readonly sport: number | undefined;
  readonly dport: number | undefined;
  readonly dev: string | undefined;
  /** Type and code of ICMP, where the selector narrows them. */
  readonly icmpType?: number | undefined;
  readonly icmpCode?: number | undefined;
}
export interface XfrmMark {
  readonly value: number;
  readonly mask: number;
}

/** An SA. It has no field for keys: they are dropped inside the grammar's actions. */
export interface XfrmState extends Sourced {
  readonly src: string;
  readonly dst: string;
  readonly proto: string;
  /** Undefined where the capture masks it (`spi 0xSPISPI`). */
  readonly spi: number | undefined;
  readonly reqid: number | undefined;
  readonly mode: string;
  readonly replayWindow: number | undefined;
  readonly flags: readonly string[];
  /** Algorithm names with their key length in bits where printed: `rfc4106(gcm(aes))`, `cbc(aes)`, `hmac(sha256)`. */
  readonly algorithms: readonly {
    readonly kind: string;
    readonly name: string;
    readonly keyBits: number | undefined;
    readonly truncBits: number | undefined;
  }[];
  /** Ports are 0 where the capture masks them. */
  readonly encap: { readonly type: string; readonly sport: number; readonly dport: number } | undefined;
  readonly selector: Selector | undefined;
  readonly mark: XfrmMark | undefined;
  readonly ifId: number | undefined;
  readonly outputMark: XfrmMark | undefined;
  readonly dir: 'in' | 'out' | undefined;
  readonly seq: number | undefined;
  readonly oseq: number | undefined;
  readonly bytes: number | undefined;
  readonly packets: number | undefined;
  readonly hardPackets: number | undefined;
  readonly hardBytes: number | undefined;
  /** Seconds. */
  readonly hardAdd: number | undefined;
  readonly added: string | undefined;
  readonly used: string | undefined;
  /** The device that encrypts in the kernel's place (`crypto offload parameters`), as printed. */
  readonly offload?: string | undefined;
  readonly securityContext?: string | undefined;
  /** `stats:` of `ip -s xfrm state`: outside the window, replayed, failed the integrity check. */
  readonly stats: { readonly replayWindow: number; readonly replay: number; readonly failed: number } | undefined;
}

/** What an SA is where nothing but its ends and its protocol is told. */
export const NOTHING_TOLD = {
  spi: undefined,
  reqid: undefined,
  replayWindow: undefined,
  flags: [],
  algorithms: [],
  encap: undefined,
  selector: undefined,
  mark: undefined,
  ifId: undefined,
  outputMark: undefined,
  dir: undefined,
  seq: undefined,
  oseq: undefined,
  bytes: undefined,
  packets: undefined,
  hardPackets: undefined,
  hardBytes: undefined,
  hardAdd: undefined,
  added: undefined,
  used: undefined,
  stats: undefined,
} as const;

export interface XfrmTemplate {
  readonly src: string;
  readonly dst: string;
  readonly proto: string;
  readonly spi: number | undefined;
  readonly reqid: number | undefined;
  readonly mode: string;
  /** `level use` templates are optional. */
  readonly optional: boolean;
}

export interface XfrmPolicy extends Sourced {
  readonly dir: 'in' | 'out' | 'fwd' | 'socket';
  readonly selector: Selector;
  readonly action: 'allow' | 'block';
  /** Lower goes first; 0 where the capture masks it. */
  readonly priority: number;
  readonly index: number | undefined;
  readonly ptype: 'main' | 'sub';
  readonly mark: XfrmMark | undefined;
  readonly ifId: number | undefined;
  readonly templates: readonly XfrmTemplate[];
  readonly used: string | undefined;
  /** Direction of a `socket` policy. */
  readonly socketDir?: 'in' | 'out' | 'fwd' | undefined;
  /** `localok`, `icmp`. */
  readonly flags?: readonly string[];
  readonly offload?: string | undefined;
  readonly securityContext?: string | undefined;
}

/** `ip xfrm policy getdefault`. */
export interface XfrmDefaults extends Sourced {
  readonly in: 'accept' | 'block';
  readonly fwd: 'accept' | 'block';
  readonly out: 'accept' | 'block';
}
