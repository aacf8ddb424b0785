import type { NetNamespace } from '../../network/namespace.ts';
import type { Selector, XfrmPolicy, XfrmState, XfrmTemplate } from '../../records/xfrm.ts';
import { prefixContains } from '../../tables/address.ts';
import { protocolNumber } from '../packet.ts';

/** struct flowi as XFRM looks it up. */
export interface XfrmFlow {
  readonly family: 4 | 6;
  readonly src: string;
  readonly dst: string;
  readonly proto: string;
  readonly sport: number | undefined;
  readonly dport: number | undefined;
  /** What an ICMP packet's type and code are: they stand where ports do (xfrm_flowi_sport). */
  readonly icmp?: { readonly type: number; readonly code: number } | undefined;
  readonly mark: number;
  readonly ifId: number;
}

const portAgrees = (wanted: number | undefined, port: number | undefined): boolean =>
  wanted === undefined || port === undefined || wanted === port;

/** xfrm_selector_match. */
export const selectorMatches = (selector: Selector, flow: XfrmFlow): boolean =>
  prefixContains(selector.src, flow.src) &&
  prefixContains(selector.dst, flow.dst) &&
  (selector.proto === undefined ||
    selector.proto === flow.proto ||
    protocolNumber(selector.proto) === protocolNumber(flow.proto)) &&
  portAgrees(selector.sport, flow.sport) &&
  portAgrees(selector.dport, flow.dport) &&
  portAgrees(selector.icmpType, flow.icmp?.type) &&
  portAgrees(selector.icmpCode, flow.icmp?.code);

/** Every policy of a direction that the flow falls under, the one that the kernel takes first: lowest priority number, then the older. */
export const matchingPolicies = (ns: NetNamespace, dir: 'in' | 'out' | 'fwd', flow: XfrmFlow): readonly XfrmPolicy[] =>
  ns.policies
    .map((policy, position) => ({ policy, position }))
    .filter(
      ({ policy }) =>
        policy.dir === dir &&
        policy.ptype === 'main' &&
        (policy.ifId ?? 0) === flow.ifId &&
        (policy.mark === undefined || (flow.mark & policy.mark.mask) >>> 0 === policy.mark.value >>> 0) &&
        selectorMatches(policy.selector, flow),
    )
    // The dump lists the youngest first (xfrm_policy_walk), so of equal priorities the later line is the older policy.
    .sort((a, b) => a.policy.priority - b.policy.priority || b.position - a.position)
    .map(({ policy }) => policy);

const unspecified = (address: string): boolean => address === '0.0.0.0' || address === '::' || address === '';

/** xfrm_state_ok: may a packet that this SA decrypted pass a policy with this template? */
export const stateSatisfies = (template: XfrmTemplate, state: XfrmState): boolean =>
  template.proto === state.proto &&
  (template.spi === undefined || template.spi === 0 || state.spi === undefined || template.spi === state.spi) &&
  (template.reqid === undefined ||
    template.reqid === 0 ||
    state.reqid === undefined ||
    template.reqid === state.reqid) &&
  template.mode === state.mode &&
  (state.mode === 'transport' || unspecified(template.src) || template.src === state.src);

/** xfrm_state_find: SAs that may serve a template on output. */
export const statesForTemplate = (ns: NetNamespace, template: XfrmTemplate, flow: XfrmFlow): readonly XfrmState[] =>
  ns.states.filter((state) => {
    const src = template.mode === 'transport' || unspecified(template.src) ? undefined : template.src;
    const dst = template.mode === 'transport' || unspecified(template.dst) ? flow.dst : template.dst;
    return (
      state.proto === template.proto &&
      state.mode === template.mode &&
      (template.spi === undefined || template.spi === 0 || state.spi === template.spi) &&
      (template.reqid === undefined || state.reqid === undefined || state.reqid === template.reqid) &&
      state.dst === dst &&
      (src === undefined || state.src === src) &&
      (state.ifId ?? 0) === flow.ifId &&
      state.spi !== 0 &&
      (state.mark === undefined || (flow.mark & state.mark.mask) >>> 0 === state.mark.value) &&
      (state.selector === undefined ||
        (state.mode === 'tunnel' && anySelector(state.selector)) ||
        selectorMatches(state.selector, flow))
    );
  });

const anySelector = (s: Selector): boolean => s.src.endsWith('/0') && s.dst.endsWith('/0');

/** The SA that an arriving ESP packet names: destination, protocol and SPI (xfrm_state_lookup). */
export const inboundState = (
  ns: NetNamespace,
  dst: string,
  proto: string,
  spi: number | undefined,
): XfrmState | undefined =>
  ns.states.find(
    (state) =>
      state.dst === dst && state.proto === proto && (spi === undefined || state.spi === undefined || state.spi === spi),
  );
