/** enum tcp_state of net/tcp_states.h, in netstat's words. */
const STATES: readonly string[] = [
  '',
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'CLOSING',
  'SYN_RECV',
];

const ROW =
  /^ *\d+: (?<local>[0-9A-F]{8}|[0-9A-F]{32}):(?<localPort>[0-9A-F]{4}) (?<peer>[0-9A-F]{8}|[0-9A-F]{32}):(?<peerPort>[0-9A-F]{4}) (?<state>[0-9A-F]{2}) (?<send>[0-9A-F]{8}):(?<recv>[0-9A-F]{8}) /;
/** The words of a kernel table's head (tcp4_seq_show, udp4_seq_show and their kin). */
export const PROC_HEAD = /^ +sl +(?:local_address|address) /m;

/** Words are printed as the little-endian numbers that they are in memory. */
const addressOf = (hex: string): string => {
  const bytes = [...hex.matchAll(/.{8}/g)].flatMap(([word]) =>
    [...word.matchAll(/../g)].map(([byte]) => byte).reverse(),
  );
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join('.');
  return [...bytes.join('').matchAll(/.{4}/g)].map(([group]) => group.toLowerCase()).join(':');
};

const endOf = (address: string, port: string): string => {
  const number = Number.parseInt(port, 16);
  const text = addressOf(address);
  return `${text.includes(':') ? `[${text}]` : text}:${number === 0 ? '*' : number}`;
};

/** A slice of /proc/net/tcp, udp, tcp6 or udp6 as netstat prints it; every line stays one line. */
export const procSockets = (slice: string, proto: 'tcp' | 'udp'): string =>
  slice
    .split('\n')
    .map((line) => {
      const row = ROW.exec(line)?.groups;
      if (!row) return PROC_HEAD.test(line) ? 'Proto Recv-Q Send-Q Local Address Foreign Address State' : line;
      const state = STATES[Number.parseInt(row.state ?? '', 16)] ?? '';
      const queues = `${Number.parseInt(row.recv ?? '', 16)} ${Number.parseInt(row.send ?? '', 16)}`;
      const ends = `${endOf(row.local ?? '', row.localPort ?? '')} ${endOf(row.peer ?? '', row.peerPort ?? '')}`;
      // UDP's sockets are in TCP_CLOSE, or in TCP_ESTABLISHED once connected.
      return `${proto} ${queues} ${ends} ${proto === 'udp' && state === 'CLOSE' ? '' : state}`;
    })
    .join('\n');

/** Whose table it is: its name tells, a UDP table also by its last column. */
export const procProto = (name: string, head: string): 'tcp' | 'udp' =>
  /(?:^|[/_. -])udp(?:lite)?6?(?:\.\w+)?$/.test(name) || / inode +ref +pointer +drops/.test(head) ? 'udp' : 'tcp';
