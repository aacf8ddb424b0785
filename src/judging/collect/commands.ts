import { collectCommand } from '../../captures/known-formats.ts';
import { declaredCommand, NO_PART, part, type Shell, shell } from '../../causes/facts/shell.ts';
import type { CaptureKind } from '../../records/capture.ts';

/** Seconds and packets after which a packet capture ends by itself. */
const SECONDS = 60;
const PACKETS = 2000;
/** Addresses that a filter names: the flow's own and those of its translations. */
const NAMED = 8;
/** What carries a flow out of sight: IPIP, ESP, IPsec through NAT, VXLAN by both of its ports and Submariner's, Geneve, WireGuard. */
const TUNNELS =
  'ip proto 4 or esp or udp port 4500 or udp port 4789 or udp port 8472 or udp port 4800 or udp port 6081 or udp port 51820';

/** A capture of the packets of a few addresses, and of the tunnels in which they may be; of everything where none is known. */
const packetCapture = (addresses: readonly string[]): Shell => {
  const named = addresses.slice(0, NAMED).map((address) => `host ${address}`);
  const filter = named.length === 0 ? NO_PART : part` ${[...named, TUNNELS].join(' or ')}`;
  return shell`timeout ${SECONDS} tcpdump -i any -nn -tttt -v -c ${PACKETS}${filter}`;
};

/** The commands for a kind of capture, which are entered into a namespace one by one; `addresses` are those by which the flow goes at the place. */
export const commandsOf = (kind: CaptureKind, addresses: readonly string[] = []): readonly Shell[] =>
  kind === 'tcpdump'
    ? [packetCapture(addresses)]
    : (collectCommand(kind) ?? '')
        .split('; ')
        .filter((command) => command !== '')
        .map(declaredCommand);
