import type { LayoutEntry } from './layout.ts';

/** Files of /proc, wherever a collector or a person put them, and names that no tool's words tell. */
export const GENERIC: readonly LayoutEntry[] = [
  { layout: 'generic', pattern: /(?:^|\/)proc\/(?:(?:self|\d{1,10})\/)?net\/ip_vs$/, kind: 'ipvsadm' },
  { layout: 'generic', pattern: /(?:^|\/)proc\/(?:(?:self|\d{1,10})\/)?net\/ip_vs_conn$/, kind: 'ipvsadm-connections' },
  { layout: 'generic', pattern: /(?:^|\/)proc\/(?:(?:self|\d{1,10})\/)?net\/nf_conntrack$/, kind: 'conntrack' },
  {
    layout: 'generic',
    pattern: /(?:^|\/)proc\/(?:(?:self|\d{1,10})\/)?net\/stat\/nf_conntrack$/,
    kind: 'conntrack-stats',
  },
  { layout: 'generic', pattern: /(?:^|\/)proc\/(?:(?:self|\d{1,10})\/)?net\/stat\/rt_cache$/, kind: 'rt-cache' },
  { layout: 'generic', pattern: /(?:^|\/)proc\/(?:(?:self|\d{1,10})\/)?net\/xfrm_stat$/, kind: 'xfrm-stat' },
  { layout: 'generic', pattern: /(?:^|\/)proc\/(?:(?:self|\d{1,10})\/)?net\/(?:netstat|snmp6?)$/, kind: 'counters' },
  { layout: 'generic', pattern: /(?:^|\/)proc\/(?:(?:self|\d{1,10})\/)?net\/arp$/, kind: 'ip-neigh' },
  { layout: 'generic', pattern: /(?:^|\/)proc\/(?:(?:self|\d{1,10})\/)?net\/(?:tcp|udp)6?$/, kind: 'sockets' },
  { layout: 'generic', pattern: /(?:^|\/)proc\/(?:(?:self|\d{1,10})\/)?net\//, kind: 'skip' },
  { layout: 'generic', pattern: /(?:^|\/)proc\/sys\/net\//, kind: 'sysctl' },
  { layout: 'generic', pattern: /(?:^|\/)proc\/sys\/kernel\/hostname$/, kind: 'hostname' },
  { layout: 'generic', pattern: /(?:^|\/)proc\/sys\//, kind: 'skip' },
  {
    layout: 'generic',
    pattern: /(?:^|\/)(?:tcpdump|pcaps?|captures?|packets)\/(?<device>[^/]+)\.(?:txt|log|out)$/,
    kind: 'tcpdump',
  },
  { layout: 'generic', pattern: /(?:^|\/)(?:timedate_info|time)(?:\.txt)?$/, kind: 'date' },
  { layout: 'generic', pattern: /(?:^|\/)etc\/hostname$/, kind: 'hostname' },
];
