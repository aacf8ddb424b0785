import type { Originated } from './origin.ts';

/**
 * A line of ss or netstat. `*` and `0.0.0.0` addresses are kept as printed in canonical form: `0.0.0.0`, `::` or `*`.
 * `proto` and `state` are ss's words for netstat's lines too: `tcp` for `tcp6`, `ESTAB` for `ESTABLISHED`, `UNCONN` for an unconnected UDP socket.
 * `process` holds the programs' names, each once, joined by ", ".
 */
export interface Socket extends Originated {
  readonly proto: string;
  readonly state: string;
  readonly recvQ: number;
  readonly sendQ: number;
  readonly local: string;
  readonly localPort: number | undefined;
  readonly localDev: string | undefined;
  readonly peer: string;
  readonly peerPort: number | undefined;
  readonly process: string | undefined;
  readonly v6only: boolean | undefined;
}
