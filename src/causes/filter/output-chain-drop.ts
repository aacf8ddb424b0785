import type { Cause } from '../facts/finding.ts';
import { hostFirewallDeath, hostFirewallFound, rulesWouldDecide } from '../facts/host-firewall.ts';
import { hookOf, loggedRefusals, tellsInvalid } from '../facts/logged-refusal.ts';

/** The host's own firewall does not let out what one of its programs sends: the policy of OUTPUT is DROP and nothing accepts the packet, or a rule drops or rejects it first. */
export const outputChainDrop: Cause = {
  id: 'output-chain-drop',
  group: 'B',
  layer: 'filter',
  control: false,
  needs: ['iptables-save', 'nft-ruleset', 'tcpdump', 'dmesg'],
  references: ['net/netfilter/core.c: nf_hook_slow', 'net/ipv4/ip_output.c: __ip_local_out'],
  detect: (context) => {
    const at = hostFirewallDeath(context, ['OUTPUT', 'POSTROUTING']);
    return at ? hostFirewallFound(context, at.death, at.drop) : rulesWouldDecide(context, 'OUTPUT');
  },
  told: (context) => loggedRefusals(context, (sign) => hookOf(sign) === 'OUTPUT' && !tellsInvalid(sign)),
};
