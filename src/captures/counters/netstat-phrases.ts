/**
 * Counters that `netstat -s` (net-tools statistics.c) describes in words, by section, under the names that nstat and the kernel use.
 * A phrase holds its number's place as `#`; wordings of net-tools 1.60 and 2.10 stand beside one another. Counters without words are printed by name.
 */
const IP: Readonly<Record<string, string>> = {
  '# total packets received': 'InReceives',
  '# with invalid headers': 'InHdrErrors',
  '# with invalid addresses': 'InAddrErrors',
  '# forwarded': 'ForwDatagrams',
  '# with unknown protocol': 'InUnknownProtos',
  '# incoming packets discarded': 'InDiscards',
  '# incoming packets delivered': 'InDelivers',
  '# requests sent out': 'OutRequests',
  '# outgoing packets dropped': 'OutDiscards',
  '# dropped because of missing route': 'OutNoRoutes',
  '# fragments dropped after timeout': 'ReasmTimeout',
  '# reassemblies required': 'ReasmReqds',
  '# packets reassembled ok': 'ReasmOKs',
  '# packet reassembles failed': 'ReasmFails',
  '# packet reassemblies failed': 'ReasmFails',
  '# fragments received ok': 'FragOKs',
  '# fragments failed': 'FragFails',
  '# fragments created': 'FragCreates',
  'Default TTL is #': 'DefaultTTL',
};

const ICMP: Readonly<Record<string, string>> = {
  '# ICMP messages received': 'InMsgs',
  '# input ICMP message failed': 'InErrors',
  '# input ICMP message failed.': 'InErrors',
  '# ICMP messages sent': 'OutMsgs',
  '# ICMP messages failed': 'OutErrors',
};

/** Below `ICMP input histogram:` and `ICMP output histogram:`; the direction goes before the name. */
const ICMP_HISTOGRAM: Readonly<Record<string, string>> = {
  'destination unreachable: #': 'DestUnreachs',
  'timeout in transit: #': 'TimeExcds',
  'time exceeded: #': 'TimeExcds',
  'wrong parameters: #': 'ParmProbs',
  'source quenches: #': 'SrcQuenchs',
  'source quench: #': 'SrcQuenchs',
  'redirects: #': 'Redirects',
  'redirect: #': 'Redirects',
  'echo requests: #': 'Echos',
  'echo request: #': 'Echos',
  'echo replies: #': 'EchoReps',
  'timestamp request: #': 'Timestamps',
  'timestamp requests: #': 'Timestamps',
  'timestamp reply: #': 'TimestampReps',
  'timestamp replies: #': 'TimestampReps',
  'address mask request: #': 'AddrMasks',
  'address mask requests: #': 'AddrMasks',
  'address mask replies: #': 'AddrMaskReps',
};

const TCP: Readonly<Record<string, string>> = {
  '# active connections openings': 'ActiveOpens',
  '# active connection openings': 'ActiveOpens',
  '# passive connection openings': 'PassiveOpens',
  '# failed connection attempts': 'AttemptFails',
  '# connection resets received': 'EstabResets',
  '# connections established': 'CurrEstab',
  '# segments received': 'InSegs',
  '# segments send out': 'OutSegs',
  '# segments sent out': 'OutSegs',
  '# segments retransmited': 'RetransSegs',
  '# segments retransmitted': 'RetransSegs',
  '# bad segments received': 'InErrs',
  '# bad segments received.': 'InErrs',
  '# resets sent': 'OutRsts',
};

const UDP: Readonly<Record<string, string>> = {
  '# packets received': 'InDatagrams',
  '# packets to unknown port received': 'NoPorts',
  '# packets to unknown port received.': 'NoPorts',
  '# packet receive errors': 'InErrors',
  '# packets sent': 'OutDatagrams',
  '# receive buffer errors': 'RcvbufErrors',
  '# send buffer errors': 'SndbufErrors',
};

const TCP_EXT: Readonly<Record<string, string>> = {
  '# SYN cookies sent': 'SyncookiesSent',
  '# SYN cookies received': 'SyncookiesRecv',
  '# invalid SYN cookies received': 'SyncookiesFailed',
  '# resets received for embryonic SYN_RECV sockets': 'EmbryonicRsts',
  '# packets pruned from receive queue because of socket buffer overrun': 'PruneCalled',
  '# packets pruned from receive queue': 'RcvPruned',
  '# packets dropped from out-of-order queue because of socket buffer overrun': 'OfoPruned',
  '# ICMP packets dropped because they were out-of-window': 'OutOfWindowIcmps',
  '# ICMP packets dropped because socket was locked': 'LockDroppedIcmps',
  '# TCP sockets finished time wait in fast timer': 'TW',
  '# time wait sockets recycled by time stamp': 'TWRecycled',
  '# TCP sockets finished time wait in slow timer': 'TWKilled',
  '# passive connections rejected because of time stamp': 'PAWSPassive',
  '# active connections rejected because of time stamp': 'PAWSActive',
  '# packets rejects in established connections because of timestamp': 'PAWSEstab',
  '# packetes rejected in established connections because of timestamp': 'PAWSEstab',
  '# packets rejected in established connections because of timestamp': 'PAWSEstab',
  '# delayed acks sent': 'DelayedACKs',
  '# delayed acks further delayed because of locked socket': 'DelayedACKLocked',
  'Quick ack mode was activated # times': 'DelayedACKLost',
  '# times the listen queue of a socket overflowed': 'ListenOverflows',
  '# SYNs to LISTEN sockets ignored': 'ListenDrops',
  '# SYNs to LISTEN sockets dropped': 'ListenDrops',
  '# packets directly queued to recvmsg prequeue.': 'TCPPrequeued',
  '# packet headers predicted': 'TCPHPHits',
  '# acknowledgments not containing data received': 'TCPPureAcks',
  '# acknowledgments not containing data payload received': 'TCPPureAcks',
  '# predicted acknowledgments': 'TCPHPAcks',
  '# times recovered from packet loss due to fast retransmit': 'TCPRenoRecovery',
  '# times recovered from packet loss due to SACK data': 'TCPSackRecovery',
  '# times recovered from packet loss by selective acknowledgements': 'TCPSackRecovery',
  '# bad SACKs received': 'TCPSACKReneging',
  '# bad SACK blocks received': 'TCPSACKReneging',
  '# fast retransmits': 'TCPFastRetrans',
  '# forward retransmits': 'TCPForwardRetrans',
  '# retransmits in slow start': 'TCPSlowStartRetrans',
  '# other TCP timeouts': 'TCPTimeouts',
  '# SACK retransmits failed': 'TCPSackFailures',
  '# times receiver scheduled too late for direct processing': 'TCPSchedulerFailed',
  '# packets collapsed in receive queue due to low socket buffer': 'TCPRcvCollapsed',
  '# DSACKs sent for old packets': 'TCPDSACKOldSent',
  '# DSACKs sent for out of order packets': 'TCPDSACKOfoSent',
  '# DSACKs received': 'TCPDSACKRecv',
  '# DSACKs for out of order packets received': 'TCPDSACKOfoRecv',
  '# connections reset due to unexpected SYN': 'TCPAbortOnSyn',
  '# connections reset due to unexpected data': 'TCPAbortOnData',
  '# connections reset due to early user close': 'TCPAbortOnClose',
  '# connections aborted due to memory pressure': 'TCPAbortOnMemory',
  '# connections aborted due to timeout': 'TCPAbortOnTimeout',
  '# connections aborted after user close in linger timeout': 'TCPAbortOnLinger',
};

const SECTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Ip: IP,
  Ip6: IP,
  Icmp: ICMP,
  Icmp6: ICMP,
  Tcp: TCP,
  Udp: UDP,
  Udp6: UDP,
  UdpLite: UDP,
  UdpLite6: UDP,
  TcpExt: TCP_EXT,
};

export type Direction = 'In' | 'Out';

/** The name and value of a `netstat -s` line, in its section (and below an ICMP histogram's head); undefined where its words are not known. */
export const netstatCounter = (
  section: string,
  direction: Direction | undefined,
  line: string,
): { readonly name: string; readonly value: number } | undefined => {
  const byName = /^([A-Za-z][A-Za-z0-9]*): (-?\d+)$/.exec(line);
  const number = /\d+/.exec(line)?.[0];
  if (number === undefined) return undefined;
  const phrase = line.replace(number, '#');
  const histogram = direction === undefined ? undefined : ICMP_HISTOGRAM[phrase];
  const name = histogram === undefined ? SECTIONS[section]?.[phrase] : `${direction}${histogram}`;
  if (name !== undefined) return { name: `${section}${name}`, value: Number(number) };
  // `TCPAutoCorking: 5`: the kernel's own name. Words of one letter case are a description.
  if (byName?.[1] && /[A-Z]/.test(byName[1])) return { name: `${section}${byName[1]}`, value: Number(byName[2]) };
  return undefined;
};
