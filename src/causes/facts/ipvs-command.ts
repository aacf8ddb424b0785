import type { RealServer, VirtualService } from '../../records/ipvs.ts';
import { part, type Shell, type ShellPart, shell } from './shell.ts';

/** `ADDRESS:PORT` as ipvsadm takes it: IPv6 in brackets. */
const endpoint = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

/** The options by which ipvsadm knows a virtual service; undefined for one that has no address, or a protocol of another kind. */
const serviceOptions = ({ proto, address, port, fwmark }: VirtualService): ShellPart | undefined => {
  if (fwmark !== undefined) return part`-f ${fwmark}`;
  if (address === undefined || port === undefined) return undefined;
  if (proto === 'udp') return part`-u ${endpoint(address, port)}`;
  return proto === 'tcp' ? part`-t ${endpoint(address, port)}` : undefined;
};

const METHODS: Readonly<Partial<Record<RealServer['method'], ShellPart>>> = {
  masq: part`-m`,
  route: part`-g`,
  tunnel: part`-i`,
};

/** Taking a real server out of its service. */
export const deleteServer = (service: VirtualService, server: RealServer): Shell | undefined => {
  const options = serviceOptions(service);
  return options && shell`ipvsadm -d ${options} -r ${endpoint(server.address, server.port)}`;
};

/** Giving a real server another weight, its forwarding method as it was. */
export const weighServer = (service: VirtualService, server: RealServer, weight: number): Shell | undefined => {
  const options = serviceOptions(service);
  const method = METHODS[server.method];
  return (
    options && method && shell`ipvsadm -e ${options} -r ${endpoint(server.address, server.port)} ${method} -w ${weight}`
  );
};
