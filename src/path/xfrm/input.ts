import { knows } from '../../network/namespace.ts';
import { assume, type Branch, decisive, finish, type Stage, step } from '../branch.ts';
import { resetCt } from '../conntrack.ts';
import { assumedInbound } from './assumed-state.ts';
import { inboundState } from './policy.ts';

/**
 * xfrm_input: the SA by destination, protocol and SPI; the inner packet comes in again on the same device with the SA in its secpath
 * and without a conntrack entry.
 */
export const decrypt: Stage = (_world, b) => {
  const p = b.packet;
  const { inner } = p;
  if (!inner) return [b];
  const ns = b.namespace;
  const proto = p.proto === 'ah' ? 'ah' : 'esp';
  const values = { spi: p.spi ?? 0, src: p.src, dst: p.dst };
  const fail = (
    code: 'no-state' | 'encap-mismatch',
    counter: string,
    proofs: ReturnType<typeof decisive>,
  ): readonly Branch[] => [
    finish(b, {
      place: 'decapsulation',
      stage: 'esp',
      device: b.iif,
      action: { code, values: { ...values, dir: 'in', counter } },
      verdict: 'drop',
      proofs,
    }),
  ];
  if (!knows(ns, 'xfrm-state')) {
    const taken = assume(b, {
      code: 'xfrm-state-unknown',
      values,
      missing: { kind: 'xfrm-state', namespace: ns.id },
      source: undefined,
    });
    const guard = ns.policies.find((policy) => policy.dir !== 'out' && policy.templates.length > 0);
    const secpath = guard ? [...b.secpath, assumedInbound(p, inner, guard.source)] : [];
    return [{ ...resetCt(taken), packet: inner, secpath, oif: undefined, route: undefined, transformed: false }];
  }
  // Only a sender whose SAs were not captured leaves the SPI open, and whether the packet is in UDP.
  const isOpen = p.spi === undefined;
  const state =
    (isOpen
      ? ns.states.find((s) => s.dst === p.dst && s.src === p.src && s.proto === proto && s.spi !== 0)
      : undefined) ?? inboundState(ns, p.dst, proto, p.spi);
  if (!state) return fail('no-state', 'XfrmInNoStates', decisive(...ns.states));
  if (!isOpen && (p.proto === 'udp') !== (state.encap !== undefined))
    return fail('encap-mismatch', 'XfrmInStateMismatch', decisive(state));
  const ifId = state.ifId;
  const device =
    ifId === undefined ? b.iif : ([...ns.links.values()].find((link) => link.xfrmIfId === ifId)?.name ?? b.iif);
  const done = step(b, {
    place: 'decapsulation',
    stage: 'esp',
    device: b.iif,
    action: { code: 'esp-decapsulate', values: { ...values, reqid: state.reqid ?? 0, mode: state.mode } },
    after: { ...inner, mark: p.mark },
    proofs: decisive(state),
  });
  return [
    {
      ...resetCt(done),
      secpath: [...b.secpath, state],
      iif: device,
      oif: undefined,
      route: undefined,
      transformed: false,
      dstMac: undefined,
    },
  ];
};
