import type { CaptureKind } from '../records/capture.ts';
import { bridgeFdb } from './bridge-fdb.ts';
import { bridgeLink } from './bridge-link.ts';
import { conntrack } from './conntrack.ts';
import { counters } from './counters.ts';
import { date } from './date.ts';
import { dmesg } from './dmesg.ts';
import { hostname } from './hostname.ts';
import { ipAddr } from './ip-addr.ts';
import { ipNeigh } from './ip-neigh.ts';
import { ipRoute } from './ip-route.ts';
import { ipRule } from './ip-rule.ts';
import { ipset } from './ipset.ts';
import { iptablesList } from './iptables-list.ts';
import { iptablesSave } from './iptables-save.ts';
import { ipvsadm } from './ipvsadm.ts';
import { kubectl } from './kubectl.ts';
import type { CaptureModule } from './module.ts';
import { nftRuleset } from './nft-ruleset.ts';
import { rtCache } from './rt-cache.ts';
import { sockets } from './sockets.ts';
import { sysctl } from './sysctl.ts';
import { tcpdump } from './tcpdump.ts';
import { uname } from './uname.ts';
import { xfrm } from './xfrm.ts';
import { xfrmStat } from './xfrm-stat.ts';

/** Every format that can be read: one line each, in alphabetical order. */
export const CAPTURE_MODULES: readonly CaptureModule[] = [
  bridgeFdb,
  bridgeLink,
  conntrack,
  counters,
  date,
  dmesg,
  hostname,
  ipAddr,
  ipNeigh,
  ipRoute,
  ipRule,
  ipset,
  iptablesList,
  iptablesSave,
  ipvsadm,
  kubectl,
  nftRuleset,
  rtCache,
  sockets,
  sysctl,
  tcpdump,
  uname,
  xfrm,
  xfrmStat,
];

const BY_KIND = new Map<CaptureKind, CaptureModule>(
  CAPTURE_MODULES.flatMap((module) => module.kinds.map((kind) => [kind, module] as const)),
);

export const moduleFor = (kind: CaptureKind): CaptureModule | undefined => BY_KIND.get(kind);
