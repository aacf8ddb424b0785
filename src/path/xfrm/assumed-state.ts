import type { Source } from '../../records/source.ts';
import { NOTHING_TOLD, type XfrmPolicy, type XfrmState, type XfrmTemplate } from '../../records/xfrm.ts';
import type { Packet } from '../packet.ts';

/**
 * The SA that a policy's template calls for, where the bundle has no list of SAs: what the template does not say is left open. Undefined
 * where the template does not name the tunnel's far end.
 */
export const assumedOutbound = (
  policy: XfrmPolicy,
  template: XfrmTemplate,
  flow: { readonly src: string; readonly dst: string },
): XfrmState | undefined => {
  const transport = template.mode === 'transport';
  const dst = transport ? flow.dst : template.dst;
  if (/^(0\.0\.0\.0|::|)$/.test(dst)) return undefined;
  const { proto, mode, reqid } = template;
  return { ...NOTHING_TOLD, src: transport ? flow.src : template.src, dst, proto, mode, reqid, source: policy.source };
};

/** The SA that must have decrypted a packet, where the bundle has no list of SAs; `source` is the line that shows that IPsec is in use. */
export const assumedInbound = (outer: Packet, inner: Packet, source: Source): XfrmState => ({
  ...NOTHING_TOLD,
  src: outer.src,
  dst: outer.dst,
  proto: outer.proto === 'ah' ? 'ah' : 'esp',
  mode: outer.src === inner.src && outer.dst === inner.dst ? 'transport' : 'tunnel',
  spi: outer.spi,
  source,
});
