import { readText } from '../../captures/read-text.ts';
import type { Capture, CaptureKind } from '../../records/capture.ts';

/** How a text was wrapped: at which column, and with what between the halves (nothing where a terminal cut the row full). */
export interface Wrapping {
  readonly kind: CaptureKind;
  readonly width: number;
  readonly glue: '' | ' ';
  /** What looks like a line's beginning is one, whatever the row before. */
  readonly strict: boolean;
}

/** What a line of each format begins with; every other line goes on. Formats that are not here have no lines long enough, or no beginnings that tell. */
const BEGINS: Partial<Record<CaptureKind, RegExp>> = {
  conntrack:
    /^(?:\s*\[(?:NEW|UPDATE|DESTROY)\] |ipv[46] +\d|(?:tcp|udp|icmp|icmpv6|sctp|dccp|udplite|gre|unknown|esp|ah|igmp|ospf|vrrp|pim) +\d|conntrack v)/,
  'iptables-save': /^(?:[*:#]|(?:\[\d+:\d+\] )?-[A-Z] |COMMIT\b|ip6?tables)/,
  'iptables-list':
    /^(?:Chain |target |num |\s*pkts |\s*\d+[KMGT]?\s+\d+[KMGT]?\s+\S|\s*\d{1,5}\s+\S+\s+\S+\s+(?:--|-f|!f)|\S+\s+\S+\s+(?:--|-f|!f)\s|#|ip6?tables)/,
  'ip-addr':
    /^(?:\d+: |\s*(?:link\/|inet6? |valid_lft |RX|TX|alias |altname |vf |\d+ +\d+)|\s+[a-z]|Device |[\w.@-]+: flags=|\s*(?:ether|loop|unspec) )/,
  'ip-link': /^(?:\d+: |\s*(?:link\/|alias |altname |vf |RX|TX|\d+ +\d+)|\s+[a-z])/,
  'ip-route':
    /^(?:default|local|broadcast|unreachable|blackhole|prohibit|throw|multicast|anycast|nat|unicast|none|[\da-f]{0,4}[:.][\da-f.:]*(?:\/\d+)?(?: |$)|\d+(?:\/\d+)? |\s+(?:nexthop|cache)|Kernel|Destination|RTNETLINK|Error)/,
  'ip-rule': /^\d+:\s/,
  'ip-neigh': /^[\da-f.:]+ (?:dev|lladdr) /,
  'xfrm-policy':
    /^(?:src |\s*(?:dir|tmpl|proto|socket|lifetime|limit|security|mark|level|index|if_id|offload|\d|add|flag|ptype|expire|auth|enc|sel)\b)/,
  'xfrm-state':
    /^(?:src |\s*(?:proto|replay|auth|enc|aead|comp|encap|anti-replay|sel|lifetime|limit|expire|add|current|stats|mark|if_id|output-mark|dir|flag|security|offload|coa|\d)\b)/,
  'ipvsadm-connections': /^(?:IPVS|pro |Pro |TCP|UDP|SCTP|IP )/,
  ipset: /^(?:Name|Type|Revision|Header|Size|References|Number|Members|create|add|\S+$)/,
  sockets: /^(?:Netid|State|Proto|Active|tcp|udp|u_|raw|nl|p_|LISTEN|ESTAB|TIME|SYN|FIN|CLOSE|LAST|UNCONN|\s)/,
  tcpdump: /^(?:\s|\d\d:\d\d:\d\d\.|\d{4}-|\d+ +packets|tcpdump|listening|reading|\^C)/,
  dmesg: /^(?:\[|[A-Z][a-z]{2} [ \d]\d |\d{4}-|<\d)/,
  'bridge-fdb': /^[\da-f]{2}:/,
};

/** Whether lines of this format are ever joined. */
export const canBeWrapped = (kind: CaptureKind, head: string): boolean => {
  if (!BEGINS[kind]) return false;
  for (let at = 0; at < head.length; ) {
    const newline = head.indexOf('\n', at);
    const end = newline < 0 ? head.length : newline;
    if (end - at > WIDE) return false;
    at = end + 1;
  }
  return true;
};

/** Bounds of a row's width: a phone's is narrower and no terminal's is; wider ones nobody tells from lines that are as long as they are. */
const NARROW = 40;
const WIDE = 200;

/** Joins what a wrapping took apart. Nothing of a line is lost: what does not fit stays a line of its own. */
export class Rejoiner {
  readonly #wrapping: Wrapping;
  readonly #begins: RegExp;
  #line = '';
  #count = 0;
  #last = 0;

  constructor(wrapping: Wrapping) {
    this.#wrapping = wrapping;
    this.#begins = BEGINS[wrapping.kind] ?? /^/;
  }

  /** Takes the next line; gives back the one before it, whole, and how many lines it was, once it is known to be. */
  take(text: string): { readonly text: string; readonly count: number } | undefined {
    if (this.#count > 0 && this.#goesOn(text)) {
      this.#line += this.#glueBefore(text) + text;
      this.#last = text.length;
      this.#count += 1;
      return undefined;
    }
    const done = this.end();
    this.#line = text;
    this.#last = text.length;
    this.#count = 1;
    return done;
  }

  end(): { readonly text: string; readonly count: number } | undefined {
    const done = this.#count === 0 ? undefined : { text: this.#line, count: this.#count };
    this.#count = 0;
    return done;
  }

  #goesOn(text: string): boolean {
    const { width, glue, strict } = this.#wrapping;
    if (strict && this.#begins.test(text)) return false;
    if (text.trim() === '' || this.#line.trim() === '') return false;
    // A blank at the end of a full row is lost in copying.
    if (glue === '')
      return this.#last === width || (this.#last === width - 1 && !/^\s/.test(text) && !this.#begins.test(text));
    if (this.#begins.test(text) || /^\s/.test(text)) return false;
    const word = /^\S+/.exec(text)?.[0].length ?? 0;
    return this.#last <= width && this.#last + 1 + word > width - SLACK;
  }

  #glueBefore(text: string): string {
    if (this.#wrapping.glue === '') return this.#last === this.#wrapping.width ? '' : ' ';
    return this.#line.endsWith(' ') || text.startsWith(' ') ? '' : ' ';
  }
}

/** A mail client may break a little earlier than it had to: a trailing blank, a quote's mark that is gone. */
const SLACK = 4;

/**
 * Finds out whether an output was wrapped. The format's own reader is the judge: joined, it has to know every line that it did not know apart, and more of the text
 * has to be read than before. In doubt nothing is joined.
 */
export const wrappingOf = (kind: CaptureKind, command: string | undefined, head: string): Wrapping | undefined => {
  const begins = BEGINS[kind];
  if (!begins) return undefined;
  const lines = head.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const width = lines.reduce((most, line) => Math.max(most, line.length), 0);
  if (width < NARROW || width > WIDE) return undefined;
  const full = lines.filter((line) => line.length === width).length;
  const odd = lines.filter((line) => line.trim() !== '' && !begins.test(line)).length;
  if (odd === 0 && full < 2) return undefined;
  const read = (text: string): Capture =>
    readText({ kind, file: '', firstLine: 1, command, family: undefined, device: undefined }, text);
  const apart = read(head);
  let best: { readonly wrapping: Wrapping; readonly capture: Capture } | undefined;
  for (const [glue, strict] of FORMS) {
    const wrapping = { kind, width, glue, strict };
    const joined = joinedBy(wrapping, lines);
    if (joined.length === lines.length) continue;
    const capture = read(`${joined.join('\n')}\n`);
    if (!isBetter(capture, apart) || (best && !isBetter(capture, best.capture))) continue;
    best = { wrapping, capture };
  }
  return best?.wrapping;
};

/** A full row of a terminal, with or without beginnings that tell; a row of a mail. */
const FORMS = [
  ['', false],
  ['', true],
  [' ', true],
] as const;

const isBetter = (joined: Capture, apart: Capture): boolean =>
  joined.unread < apart.unread ||
  (joined.unread === apart.unread && joined.kind === 'iptables-save' && hasTargets(joined) > hasTargets(apart)) ||
  (joined.unread === apart.unread && joined.kind === 'dmesg' && joined.records > apart.records);

/** A rule whose target stood in its second half was read without one. */
const hasTargets = (capture: Capture): number =>
  (capture.data.tables ?? []).reduce(
    (sum, table) =>
      sum +
      [...table.chains.values()].reduce(
        (rules, chain) => rules + chain.rules.filter((rule) => rule.target !== undefined).length,
        0,
      ),
    0,
  );

const joinedBy = (wrapping: Wrapping, lines: readonly string[]): readonly string[] => {
  const rejoiner = new Rejoiner(wrapping);
  const joined = lines.flatMap((line) => rejoiner.take(line)?.text ?? []);
  const last = rejoiner.end();
  return last ? [...joined, last.text] : joined;
};
