// Written by scripts/registry.mjs from the files of src/captures; change those.
import { conntrack } from './conntrack/conntrack.ts';
import { counters } from './counters/counters.ts';
import { ipset } from './ipset/ipset.ts';
import { iptablesList } from './iptables/iptables-list.ts';
import { iptablesSave } from './iptables/iptables-save.ts';
import { ipvsadm } from './ipvs/ipvsadm.ts';
import { kubectl } from './kube/kubectl.ts';
import { bridgeFdb } from './link/bridge-fdb.ts';
import { bridgeLink } from './link/bridge-link.ts';
import { ipAddr } from './link/ip-addr.ts';
import { ipNeigh } from './link/ip-neigh.ts';
import type { CaptureModule } from './module.ts';
import { nftRuleset } from './nft/nft-ruleset.ts';
import { probe } from './probe/probe.ts';
import { ipRoute } from './route/ip-route.ts';
import { ipRule } from './route/ip-rule.ts';
import { rtCache } from './route/rt-cache.ts';
import { sockets } from './sockets/sockets.ts';
import { date } from './system/date.ts';
import { dmesg } from './system/dmesg.ts';
import { hostname } from './system/hostname.ts';
import { sysctl } from './system/sysctl.ts';
import { uname } from './system/uname.ts';
import { tcpdump } from './tcpdump/tcpdump.ts';
import { wireguard } from './wireguard/wireguard.ts';
import { xfrm } from './xfrm/xfrm.ts';
import { xfrmStat } from './xfrm/xfrm-stat.ts';

/** Every format that can be read. */
export const CAPTURE_MODULES: readonly CaptureModule[] = [
  conntrack,
  counters,
  ipset,
  iptablesList,
  iptablesSave,
  ipvsadm,
  kubectl,
  bridgeFdb,
  bridgeLink,
  ipAddr,
  ipNeigh,
  nftRuleset,
  probe,
  ipRoute,
  ipRule,
  rtCache,
  sockets,
  date,
  dmesg,
  hostname,
  sysctl,
  uname,
  tcpdump,
  wireguard,
  xfrmStat,
  xfrm,
];
