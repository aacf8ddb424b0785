import type { SetMember } from '../records/ipset.ts';
import type { Backend, Family, Rule, TableName } from '../records/iptables.ts';
import type { RealServer, VirtualService } from '../records/ipvs.ts';
import type { LinkAddress } from '../records/link.ts';
import type { FdbEntry, Neighbour, Route, RouteRule } from '../records/route.ts';
import type { Socket } from '../records/socket.ts';
import type { Source } from '../records/source.ts';
import type { XfrmPolicy, XfrmState } from '../records/xfrm.ts';

/** Where a record of a change stands: nowhere in the bundle. */
export const CHANGED: Source = { file: '', line: 0 };

/** Tables of a namespace that are lists of records: an entry is added whole, or deleted by the line that showed it. */
interface ListedRecords {
  readonly 'xfrm-policy': XfrmPolicy;
  readonly 'xfrm-state': XfrmState;
  readonly route: Route;
  readonly 'route-rule': RouteRule;
  readonly neighbour: Neighbour;
  readonly fdb: FdbEntry;
  readonly socket: Socket;
  readonly 'virtual-service': VirtualService;
}

/** A rule as it is handed over: its chain and position come with the change. */
type RuleOf<T> = Omit<T, 'source' | 'chain' | 'position'>;

/** A record that no capture holds. */
export type Unsourced<T> = Omit<T, 'source'>;

export type ListChange = {
  [K in keyof ListedRecords]:
    | { readonly op: 'add'; readonly what: K; readonly record: Unsourced<ListedRecords[K]> }
    | { readonly op: 'delete'; readonly what: K; readonly source: Source };
}[keyof ListedRecords];

/** Which iptables table a rule goes to; the one of that family and name, whichever backend, where `backend` is left out. */
export type RuleChange =
  | {
      readonly op: 'add';
      readonly what: 'iptables-rule';
      readonly family: Family;
      readonly table: TableName;
      readonly chain: string;
      /** 1-based as in `iptables -I CHAIN N`; undefined appends. */
      readonly position: number | undefined;
      readonly backend?: Backend;
      readonly record: RuleOf<Rule>;
    }
  | { readonly op: 'delete'; readonly what: 'iptables-rule'; readonly source: Source }
  | {
      readonly op: 'set';
      readonly what: 'chain-policy';
      readonly family: Family;
      readonly table: TableName;
      readonly chain: string;
      readonly policy: 'ACCEPT' | 'DROP';
    }
  | { readonly op: 'delete'; readonly what: 'nft-rule'; readonly source: Source };

export type SetChange =
  | { readonly op: 'add'; readonly what: 'set-member'; readonly set: string; readonly record: Unsourced<SetMember> }
  | { readonly op: 'delete'; readonly what: 'set-member'; readonly set: string; readonly parts: readonly string[] };

export type AddressChange =
  | {
      readonly op: 'add';
      readonly what: 'address';
      readonly device: string;
      readonly record: Unsourced<LinkAddress>;
    }
  | { readonly op: 'delete'; readonly what: 'address'; readonly device: string; readonly address: string };

export type LinkChange = {
  readonly op: 'set';
  readonly what: 'link';
  readonly device: string;
  readonly up?: boolean;
  readonly mtu?: number;
  readonly hairpin?: boolean;
};

export type SysctlChange = {
  readonly op: 'set';
  readonly what: 'sysctl';
  /** As `sysctl -w` takes it: `net.ipv4.conf.all.rp_filter`. */
  readonly name: string;
  readonly value: string;
};

export type ServerChange =
  | {
      readonly op: 'add';
      readonly what: 'real-server';
      readonly service: Source;
      readonly record: Unsourced<RealServer>;
    }
  | { readonly op: 'delete'; readonly what: 'real-server'; readonly source: Source };

/** One command that somebody would type, as a change of the model. `namespace` is a NetNamespace's id. */
export type Change = { readonly namespace: string } & (
  | ListChange
  | RuleChange
  | SetChange
  | AddressChange
  | LinkChange
  | SysctlChange
  | ServerChange
);
