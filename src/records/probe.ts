import type { Sourced } from './source.ts';

/** What a client's tool printed of an attempt: `ping`, `arping`, `curl`, `wget`, `nc`, `telnet`, `ssh`. Its line is the one that says what became of it. */
export interface Probe extends Sourced {
  readonly proto: 'icmp' | 'arp' | 'tcp';
  /** Undefined where only a name was printed. */
  readonly dst: string | undefined;
  readonly dport: number | undefined;
  readonly outcome: ProbeOutcome;
}

/** `not-permitted`: the sender's own kernel refused to send it (EPERM). `too-long`: an ICMP error said that it must be cut. */
export type ProbeOutcome =
  | 'ok'
  | 'refused'
  | 'timeout'
  | 'unreachable'
  | 'reset'
  | 'not-permitted'
  | 'too-long'
  | 'ttl';
