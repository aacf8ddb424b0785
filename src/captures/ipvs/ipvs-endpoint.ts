import { canonicalAddress, numberToIpv4 } from '../../tables/address.ts';
import { flatten } from '../../tables/interner.ts';
import { servicePort } from '../../tables/service-ports.ts';

export interface IpvsEndpoint {
  /** Canonical; the host's name where ipvsadm resolved it. */
  readonly address: string;
  /** 0 where there is none, or where its name is unknown. */
  readonly port: number;
  readonly family: 4 | 6;
}

const HEX_IPV4 = /^[0-9A-F]{8}$/;
const FULL_IPV6 = /^[0-9a-f]{4}(?::[0-9a-f]{4}){7}$/;
const HEX_PORT = /^[0-9A-F]{4}$/;

/**
 * Address and port as ipvsadm or the kernel's tables print them: `10.0.0.1:80`, `[fd00::1]:443`, `web:http`, `C0A80016:0CEA`,
 * `[fd00:0000:…:0001]:01BB`. A port in a kernel's table is hexadecimal, which the text of a port alone does not tell: `kernelTable` does.
 */
export const ipvsEndpoint = (text: string, kernelTable: boolean): IpvsEndpoint => {
  const colon = text.lastIndexOf(':');
  const bracketed = text.startsWith('[');
  const host = bracketed ? text.slice(1, text.lastIndexOf(']')) : text.slice(0, colon);
  const port = text.slice(colon + 1);
  if (!bracketed && HEX_IPV4.test(host) && HEX_PORT.test(port))
    return { address: numberToIpv4(Number.parseInt(host, 16)), port: Number.parseInt(port, 16), family: 4 };
  if (kernelTable && FULL_IPV6.test(host) && HEX_PORT.test(port))
    return { address: canonicalAddress(host) ?? flatten(host), port: Number.parseInt(port, 16), family: 6 };
  return {
    address: canonicalAddress(host) ?? flatten(host),
    port: /^\d+$/.test(port) ? Number(port) : (servicePort(port) ?? 0),
    family: bracketed ? 6 : 4,
  };
};
