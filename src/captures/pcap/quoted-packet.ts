import type { Cursor } from './cursor.ts';

const TCP = 6;
const UDP = 17;

/** As tcpdump names the protocol of the packet that an ICMP error is about. */
export const quotedProtocol = (number: number): string =>
  number === TCP ? 'tcp' : number === UDP ? 'udp' : `${number}`;

/** The port at which nobody listens, of the packet whose IP header begins at the cursor. */
export const quotedPort = (c: Cursor, protocol: number, header: number): void => {
  if ((protocol === TCP || protocol === UDP) && c.has(header + 4)) c.layer.aboutPort = c.u16(header + 2);
};
