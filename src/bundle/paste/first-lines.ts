import type { CaptureKind } from '../../records/capture.ts';
import { kindOfLine } from '../read/first-line.ts';

/** Lines that only one tool prints, where an output was pasted without its beginning. */
const INNER: readonly (readonly [RegExp, CaptureKind])[] = [
  [
    /^(?:\[\d{1,20}:\d{1,20}\] )?-[AIPN] [\w.:-]{1,40}(?: |$)|^:[\w.:-]{1,40} (?:ACCEPT|DROP|QUEUE|RETURN|-) \[\d/,
    'iptables-save',
  ],
  [/^ {0,6}pkts {1,6}bytes target {2,}prot opt |^(?:num {2,})?target {2,}prot opt {1,6}source/, 'iptables-list'],
  [
    /^\d{1,6}: [^\s:]{1,40}: <[A-Z0-9_,-]{0,160}>(?: mtu |$)|^[\w.:@-]{1,20}: flags=\d{1,6}<|^[\w.:@-]{1,20}\s{2,}Link encap:/,
    'ip-addr',
  ],
  [/^\d{1,5}:\s{1,8}(?:not )?from (?:all|[\da-f.:/]{2,50}) /, 'ip-rule'],
  [/^Kernel IP routing table$|^Destination {2,}Gateway {2,}(?:Genmask|Flags)/, 'ip-route'],
  [
    /^(?:TCP|UDP|SCTP) {1,4}\[?[\da-f.:]{3,50}\]?:\d{1,5} {1,10}(?:rr|wrr|lc|wlc|lblc|lblcr|dh|sh|sed|nq|mh|fo|ovf)\b/,
    'ipvsadm',
  ],
  [/^-[Aa] -[tu] \S{3,60} -[rs] /, 'ipvsadm'],
  [/^(?:NAMESPACE {2,})?NAME {2,}(?:READY|TYPE|STATUS|ENDPOINTS|ADDRESSTYPE|CLUSTER-IP|DESIRED) /, 'kubectl'],
  [/^conntrack v\d\S{0,20} \(conntrack-tools\): /, 'conntrack'],
  [/^(?:tcpdump: )?(?:verbose output suppressed, use -v|listening on \S{1,40}, link-type)/, 'tcpdump'],
  [/^(?:Proto {1,4}Recv-Q {1,4}Send-Q|Netid {1,6}State)/, 'sockets'],
  [/^src [\da-f.:]{3,50}(?:\/\d{1,3})? dst [\da-f.:]{3,50}\/\d{1,3}/, 'xfrm-policy'],
  [/^(?:\[ {0,8}\d{1,8}\.\d{6}\]|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S{1,64} kernel:) /, 'dmesg'],
];

const FIRST = /^[-:[\dA-Z a-z]/;

/** The kind of output that a line shows by itself, wherever in the output it stands. */
export const startOf = (line: string): CaptureKind | undefined => {
  const head = line.slice(0, 300);
  const kind = kindOfLine(head);
  if (kind !== undefined || !FIRST.test(head)) return kind;
  return INNER.find(([pattern]) => pattern.test(head))?.[1];
};
