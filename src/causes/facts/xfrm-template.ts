import type { NetNamespace } from '../../network/namespace.ts';
import type { Step } from '../../path/step.ts';
import type { XfrmState, XfrmTemplate } from '../../records/xfrm.ts';
import { numberOf, textOf } from './ending.ts';

const anyAddress = (address: string): boolean => address === '' || address === '0.0.0.0' || address === '::';

/** What of a template an SA does not fulfil; an empty list where it fits. */
export type Mismatch = 'reqid' | 'mode' | 'proto' | 'spi' | 'outer';
export const mismatches = (template: XfrmTemplate, state: XfrmState): readonly Mismatch[] => {
  const found: Mismatch[] = [];
  if (template.proto !== state.proto) found.push('proto');
  if (template.mode !== state.mode) found.push('mode');
  if (template.spi && state.spi !== undefined && template.spi !== state.spi) found.push('spi');
  if (template.reqid && state.reqid !== undefined && template.reqid !== state.reqid) found.push('reqid');
  const outer =
    state.mode !== 'transport' &&
    ((!anyAddress(template.src) && template.src !== state.src) ||
      (!anyAddress(template.dst) && template.dst !== state.dst));
  if (outer) found.push('outer');
  return found;
};

/** On output: an SA between the very ends of the tunnel that another reqid keeps from being used. */
export const foreignReqid = (ns: NetNamespace, step: Step): XfrmState | undefined =>
  ns.states.find(
    (state) =>
      state.spi !== 0 &&
      state.src === textOf(step, 'tunnelSrc') &&
      state.dst === textOf(step, 'tunnelDst') &&
      numberOf(step, 'reqid') !== 0 &&
      state.reqid !== numberOf(step, 'reqid'),
  );

/** On output: an SA of the policy's own reqid between other ends. Its mirror image, the SA for the way back, is not meant. */
export const foreignTunnel = (ns: NetNamespace, step: Step): XfrmState | undefined => {
  const src = textOf(step, 'tunnelSrc');
  const dst = textOf(step, 'tunnelDst');
  const reqid = numberOf(step, 'reqid') ?? 0;
  if (reqid === 0) return undefined;
  const own = new Set([...ns.links.values()].flatMap((link) => link.addresses.map((a) => a.address)));
  return ns.states.find(
    (state) =>
      state.spi !== 0 &&
      state.reqid === reqid &&
      (state.src !== src || state.dst !== dst) &&
      state.src !== dst &&
      state.dir !== 'in' &&
      !own.has(state.dst) &&
      // Tunnels to several peers may share a reqid: an SA that another policy asks for is that policy's.
      !ns.policies.some((p) => p.templates.some((t) => t.src === state.src && t.dst === state.dst)),
  );
};
