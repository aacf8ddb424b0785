import { isTransportSumRight } from './checksum.ts';
import type { Cursor } from './cursor.ts';
import { esp, geneve, vxlan } from './tunnels.ts';

const UDP = 17;
const HEADER = 8;
/** RFC 3948: ESP and IKE share the port; four zeros mark IKE, a lone 0xff keeps the NAT awake. */
const NAT_TRAVERSAL = 4500;
/** RFC 7348; the port of Linux before it had a number. */
const VXLAN: ReadonlySet<number> = new Set([4789, 8472]);
/** RFC 8926. */
const GENEVE = 6081;

/** RFC 768, and what is known by its port. */
export const udp = (c: Cursor): void => {
  const { layer } = c;
  if (!c.has(4)) return;
  const source = c.u16(0);
  const target = c.u16(2);
  layer.src.port = source;
  layer.dst.port = target;
  if (!c.has(HEADER)) return;
  const length = c.u16(4);
  // 0 is a segment that is still to be cut.
  layer.length = Math.max((length === 0 ? c.wireEnd - c.at : length) - HEADER, 0);
  if (c.u16(6) !== 0 && length === c.wireEnd - c.at && !isTransportSumRight(c, UDP, 6)) layer.checksumBad = true;
  if (c.quoted) return;
  c.at += HEADER;
  const between = (port: number): boolean => source === port || target === port;
  if (between(NAT_TRAVERSAL)) {
    if (c.has(8) && c.u32(0) !== 0) esp(c);
  } else if (VXLAN.has(target) || VXLAN.has(source)) vxlan(c);
  else if (between(GENEVE)) geneve(c);
};
