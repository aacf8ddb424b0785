import { parse } from '#grammars/probe';
import type { Probe, ProbeOutcome } from '../../records/probe.ts';
import type { Source } from '../../records/source.ts';
import { canonicalAddress } from '../../tables/address.ts';
import { usualMask } from '../masking/masked-lines.ts';
import { type CaptureModule, grammarReader, LineSink } from '../module.ts';

/** An attempt of which the lines so far tell this. */
interface Attempt {
  readonly proto: Probe['proto'];
  readonly dst: string | undefined;
  readonly dport: number | undefined;
  readonly source: Source;
  readonly outcome: ProbeOutcome | undefined;
}

/** curl's exit codes that tell of the connection (libcurl-errors). */
const CURL: ReadonlyMap<number, ProbeOutcome> = new Map([
  [7, 'timeout'],
  [28, 'timeout'],
  [52, 'reset'],
  [56, 'reset'],
]);

/** Milliseconds: an RST or ICMP error is there sooner, except of a neighbour that nobody answers for (three seconds). */
const GAVE_UP = 4000;

class ProbeSink extends LineSink {
  readonly probes: Probe[] = [];
  /** Target of the command line, for tools that name none in their output. */
  target: Pick<Attempt, 'dst' | 'dport'> | undefined;
  #open: Attempt | undefined;

  attempt(proto: Probe['proto'], to: string, dport: number | undefined): void {
    this.close();
    this.#open = {
      proto,
      dst: canonicalAddress(to.replace(/%.*$/, '')),
      dport: dport ?? this.target?.dport,
      source: this.source(),
      outcome: undefined,
    };
    this.ignored += 1;
  }

  answered(): void {
    this.#decide('ok');
  }

  attemptFailed(to: string, dport: number | undefined, outcome: ProbeOutcome): void {
    const dst = canonicalAddress(to);
    const open = this.#open;
    // curl names the attempt again when it fails.
    if (!open || open.dst !== dst || (open.outcome !== undefined && open.outcome !== outcome))
      this.attempt('tcp', to, dport);
    else this.ignored += 1;
    this.#decide(outcome, dport);
  }

  failed(outcome: ProbeOutcome): void {
    this.ignored += 1;
    this.#decide(outcome);
  }

  curl(code: number): void {
    this.ignored += 1;
    const outcome = CURL.get(code);
    if (outcome) this.#decide(outcome);
  }

  /** Newer versions of curl leave out why; the time that it took tells a time-out from an answer. */
  couldNot(to: string, dport: number, why: ProbeOutcome | undefined, after: number | null): void {
    if (why !== undefined) this.attemptFailed(to, dport, why);
    else if (after !== null && after >= GAVE_UP) this.attemptFailed(to, dport, 'timeout');
    else this.ignored += 1;
  }

  /** ping's account at its end: losses of single packets are no failure. */
  counted(sent: number, got: number): void {
    this.ignored += 1;
    if (sent > 0 && got === 0 && (this.#open?.outcome ?? 'ok') === 'ok') this.#decide('timeout', undefined, true);
    else if (got > 0) this.#decide('ok', undefined, true);
    this.close();
  }

  #decide(outcome: ProbeOutcome, dport?: number, always = false): void {
    const open: Attempt = this.#open ?? {
      proto: 'tcp',
      dst: this.target?.dst,
      dport: this.target?.dport,
      source: this.source(),
      outcome: undefined,
    };
    // What a tool says first of an attempt is the kernel's word, what it says at its end is a summary.
    const decided = open.outcome === undefined || always || open.outcome === 'ok';
    this.#open = decided
      ? { ...open, dport: dport ?? open.dport, outcome, source: this.source() }
      : { ...open, dport: dport ?? open.dport };
  }

  close(): void {
    const open = this.#open;
    this.#open = undefined;
    if (!open || open.outcome === undefined) return;
    this.records += 1;
    this.ignored -= 1;
    this.probes.push({
      source: open.source,
      proto: open.proto,
      dst: open.dst,
      dport: open.dport,
      outcome: open.outcome,
    });
  }
}

const TARGET =
  /(?:^|[\s/@[])((?:\d{1,3}\.){3}\d{1,3}|[0-9a-fA-F]*:[0-9a-fA-F:]+)(?:\]?:(\d{1,5})|\s+(\d{1,5}))?(?=[\s/'"]|$)/;

/** Address and port of `curl http://10.1.0.9:8080/`, `nc -zv 10.1.0.9 80`, `telnet 10.1.0.9 22`. */
export const targetOf = (command: string | undefined): Pick<Attempt, 'dst' | 'dport'> | undefined => {
  const [, address, port, spaced] = TARGET.exec((command ?? '').slice(0, 1000)) ?? [];
  const dst = canonicalAddress(address ?? '');
  if (dst === undefined) return undefined;
  const given = port ?? spaced;
  const byScheme = /\bhttps:\/\//.test(command ?? '')
    ? 443
    : /\bhttp:\/\/|\b(?:curl|wget)\b/.test(command ?? '')
      ? 80
      : undefined;
  return { dst, dport: given === undefined ? byScheme : Number(given) };
};

/** What ping, arping, curl, wget, nc, telnet and ssh print of an attempt. */
export const probe: CaptureModule = {
  programs: 'ping ping6 arping curl wget nc ncat netcat telnet',
  precedence: 215,
  mask: usualMask,
  formats: [
    {
      kind: 'probe',
      words: [{ words: 'ping|ping6|arping|curl|wget|nc|ncat|netcat|telnet' }],
      firstLine: /^PING \S+ .*bytes|^ARPING \S+|^[-0-9 :.kMGTP]*curl: \(\d+\) /,
      nameDecides: 'always',
      scope: 'namespace',
      collect: 'ping -c 3 ADDRESS',
    },
  ],
  open: (input) => {
    const sink = new ProbeSink(input);
    sink.target = targetOf(input.command);
    return grammarReader(input, sink, parse, () => {
      sink.close();
      return { probes: [...sink.probes] };
    });
  },
  sniff: (head) =>
    /^PING \S+ .*bytes|^ARPING \S+ from |^[-0-9 :.kMGTP]*curl: \(\d+\) |^nc: connect to |^ssh: connect to host |^telnet: /m.test(
      head,
    )
      ? 'probe'
      : undefined,
};
