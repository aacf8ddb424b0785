import type { Cause } from '../facts/finding.ts';
import { hostFirewallDeath, hostFirewallFound, rulesWouldDecide } from '../facts/host-firewall.ts';
import { hookOf, loggedRefusals, tellsInvalid } from '../facts/logged-refusal.ts';
import { virtualService } from '../facts/service.ts';

/** The host's own firewall does not let in what is meant for one of its programs: the policy of INPUT is DROP and nothing accepts the packet, or a rule drops or rejects it first. */
export const inputChainDrop: Cause = {
  id: 'input-chain-drop',
  group: 'B',
  layer: 'filter',
  control: false,
  needs: ['iptables-save', 'nft-ruleset', 'tcpdump', 'dmesg'],
  references: ['net/netfilter/core.c: nf_hook_slow', 'net/ipv4/ip_input.c: ip_local_deliver'],
  detect: (context) => {
    const at = hostFirewallDeath(context, ['INPUT', 'PREROUTING']);
    if (!at) return rulesWouldDecide(context, 'INPUT');
    const { death, drop } = at;
    const { proto, dst, dport } = death.step.before;
    // What IPVS would have taken in behind this hook is a service's request.
    if (dport !== undefined && virtualService(death.namespace, { proto, address: dst, port: dport })) return [];
    return hostFirewallFound(context, death, drop);
  },
  told: (context) => loggedRefusals(context, (sign) => hookOf(sign) === 'INPUT' && !tellsInvalid(sign)),
};
