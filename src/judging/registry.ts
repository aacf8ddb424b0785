// Written by scripts/registry.mjs from the files of src/causes; change those.
import { bridgeNfOffSameNode } from '../causes/bridge/bridge-nf-off-same-node.ts';
import { hairpinSelfService } from '../causes/bridge/hairpin-self-service.ts';
import { conntrackNearlyFull } from '../causes/checks/conntrack-nearly-full.ts';
import { dropsCounted } from '../causes/checks/drops-counted.ts';
import { rulesInBothBackends } from '../causes/checks/rules-in-both-backends.ts';
import { setMissingForRules } from '../causes/checks/set-missing-for-rules.ts';
import { sourceNatNotHooked } from '../causes/checks/source-nat-not-hooked.ts';
import { sysctlsDiffer } from '../causes/checks/sysctls-differ.ts';
import { tunnelEndsDisagree } from '../causes/checks/tunnel-ends-disagree.ts';
import { wireguardNoHandshake } from '../causes/checks/wireguard-no-handshake.ts';
import { xfrmPoliciesWithoutStates } from '../causes/checks/xfrm-policies-without-states.ts';
import { xfrmStatesWithoutPolicies } from '../causes/checks/xfrm-states-without-policies.ts';
import { conntrackInsertRaceDns } from '../causes/conntrack/conntrack-insert-race-dns.ts';
import { conntrackTableFull } from '../causes/conntrack/conntrack-table-full.ts';
import { ctInvalidDropOrRst } from '../causes/conntrack/ct-invalid-drop-or-rst.ts';
import { ipvsVipAndDirectSame5tuple } from '../causes/conntrack/ipvs-vip-and-direct-same-5tuple.ts';
import { rawNotrackBreaksNat } from '../causes/conntrack/raw-notrack-breaks-nat.ts';
import { udpStaleConntrack } from '../causes/conntrack/udp-stale-conntrack.ts';
import type { BundleCheck, Cause } from '../causes/facts/finding.ts';
import { calicoRpfRawDrop } from '../causes/filter/calico-rpf-raw-drop.ts';
import { etpLocalIptablesNoLocalEp } from '../causes/filter/etp-local-iptables-no-local-ep.ts';
import { forwardChainDrop } from '../causes/filter/forward-chain-drop.ts';
import { inputChainDrop } from '../causes/filter/input-chain-drop.ts';
import { iptablesBackendSplit } from '../causes/filter/iptables-backend-split.ts';
import { ipvsInputChainDrop } from '../causes/filter/ipvs-input-chain-drop.ts';
import { kubeRouterStalePodFw } from '../causes/filter/kube-router-stale-pod-fw.ts';
import { kubeRouterSvcRangeEgressPolicy } from '../causes/filter/kube-router-svc-range-egress-policy.ts';
import { lbSourceRangesDrop } from '../causes/filter/lb-source-ranges-drop.ts';
import { networkpolicyDrop } from '../causes/filter/networkpolicy-drop.ts';
import { outputChainDrop } from '../causes/filter/output-chain-drop.ts';
import { kubeIpvsIpsContainsHostIp } from '../causes/ipset/kube-ipvs-ips-contains-host-ip.ts';
import { kubeRouterForeignIpsetClobbered } from '../causes/ipset/kube-router-foreign-ipset-clobbered.ts';
import { kubeRouterLocalIpsEmpty } from '../causes/ipset/kube-router-local-ips-empty.ts';
import { kubeRouterNodeipInSvipReject } from '../causes/ipset/kube-router-nodeip-in-svip-reject.ts';
import { kubeRouterSvipPrtRace } from '../causes/ipset/kube-router-svip-prt-race.ts';
import { ravenSkipNatSetIncomplete } from '../causes/ipset/raven-skip-nat-set-incomplete.ts';
import { etpLocalEmptyRsRefused } from '../causes/ipvs/etp-local-empty-rs-refused.ts';
import { etpLocalHostnetToVipSrcIsVip } from '../causes/ipvs/etp-local-hostnet-to-vip-src-is-vip.ts';
import { etpLocalLocalEpOk } from '../causes/ipvs/etp-local-local-ep-ok.ts';
import { externalipEqualsNodeIp } from '../causes/ipvs/externalip-equals-node-ip.ts';
import { ipvsAffinityTemplateDeadRs } from '../causes/ipvs/ipvs-affinity-template-dead-rs.ts';
import { ipvsConntrackSysctlOff } from '../causes/ipvs/ipvs-conntrack-sysctl-off.ts';
import { ipvsIdleTimeoutRst } from '../causes/ipvs/ipvs-idle-timeout-rst.ts';
import { ipvsPortReuse1s } from '../causes/ipvs/ipvs-port-reuse-1s.ts';
import { ipvsRsRemovedMidConnection } from '../causes/ipvs/ipvs-rs-removed-mid-connection.ts';
import { ipvsWeightZeroPinned } from '../causes/ipvs/ipvs-weight-zero-pinned.ts';
import { kubeRouterDsrPortOrMtu } from '../causes/ipvs/kube-router-dsr-port-or-mtu.ts';
import { submarinerIpvsUnsupported } from '../causes/ipvs/submariner-ipvs-unsupported.ts';
import { vipOnDummyServedPortOk } from '../causes/ipvs/vip-on-dummy-served-port-ok.ts';
import { vipOnDummyUnservedPort } from '../causes/ipvs/vip-on-dummy-unserved-port.ts';
import { ifaceDownOrNoCarrier } from '../causes/link/iface-down-or-no-carrier.ts';
import { clbL4SelfLoopback } from '../causes/load-balancer/clb-l4-self-loopback.ts';
import { vipExternalClientOk } from '../causes/load-balancer/vip-external-client-ok.ts';
import { overlayMtuBlackhole } from '../causes/mtu/overlay-mtu-blackhole.ts';
import { submarinerMssNotClamped } from '../causes/mtu/submariner-mss-not-clamped.ts';
import { etpClusterSourceIpLost } from '../causes/nat/etp-cluster-source-ip-lost.ts';
import { etpLocalFlannelMasqOk } from '../causes/nat/etp-local-flannel-masq-ok.ts';
import { etpLocalRemoteRsNoSnat } from '../causes/nat/etp-local-remote-rs-no-snat.ts';
import { firewallManagerFlushedRules } from '../causes/nat/firewall-manager-flushed-rules.ts';
import { hostportStaleDnat } from '../causes/nat/hostport-stale-dnat.ts';
import { hostportStealsVipPort } from '../causes/nat/hostport-steals-vip-port.ts';
import { ipsecIptablesModeOk } from '../causes/nat/ipsec-iptables-mode-ok.ts';
import { ipvsMasqMissingVipSource } from '../causes/nat/ipvs-masq-missing-vip-source.ts';
import { markOverwriteLosesMasq } from '../causes/nat/mark-overwrite-loses-masq.ts';
import { masqWrongOrNoAddress } from '../causes/nat/masq-wrong-or-no-address.ts';
import { nodeportOnLoopback } from '../causes/nat/nodeport-on-loopback.ts';
import { snatPortExhaustion } from '../causes/nat/snat-port-exhaustion.ts';
import { sourceIpMaskedBreaksAcl } from '../causes/nat/source-ip-masked-breaks-acl.ts';
import { submarinerCalicoNatoutgoing } from '../causes/nat/submariner-calico-natoutgoing.ts';
import { submarinerChainNotHooked } from '../causes/nat/submariner-chain-not-hooked.ts';
import { submarinerSnatRuleRemovedHostnetBreak } from '../causes/nat/submariner-snat-rule-removed-hostnet-break.ts';
import { submarinerVtepSnatReturnAsymmetry } from '../causes/nat/submariner-vtep-snat-return-asymmetry.ts';
import { duplicateIpOrArpConflict } from '../causes/neighbour/duplicate-ip-or-arp-conflict.ts';
import { ipvsStrictarpOff } from '../causes/neighbour/ipvs-strictarp-off.ts';
import { neighFailedNextHop } from '../causes/neighbour/neigh-failed-next-hop.ts';
import { neighTableOverflow } from '../causes/neighbour/neigh-table-overflow.ts';
import { blackholeOrUnreachableRoute } from '../causes/route/blackhole-or-unreachable-route.ts';
import { kubeRouterIpv6VipSameNode } from '../causes/route/kube-router-ipv6-vip-same-node.ts';
import { martianSourceIsLocalVip } from '../causes/route/martian-source-is-local-vip.ts';
import { noReturnRoute } from '../causes/route/no-return-route.ts';
import { podcidrRouteMissing } from '../causes/route/podcidr-route-missing.ts';
import { policyRoutePrecedence } from '../causes/route/policy-route-precedence.ts';
import { ravenRouteOrMarkMissing } from '../causes/route/raven-route-or-mark-missing.ts';
import { returnPathBypassesNat } from '../causes/route/return-path-bypasses-nat.ts';
import { rpFilterStrictDrop } from '../causes/route/rp-filter-strict-drop.ts';
import { submarinerGwHostnetTable150 } from '../causes/route/submariner-gw-hostnet-table150.ts';
import { terwayNodeportReplyViaEni } from '../causes/route/terway-nodeport-reply-via-eni.ts';
import { ttlExpired } from '../causes/route/ttl-expired.ts';
import { ackMatrix } from '../causes/service/ack-matrix.ts';
import { ciliumKprAndKubeProxy } from '../causes/service/cilium-kpr-and-kube-proxy.ts';
import { itpLocalNoLocalEp } from '../causes/service/itp-local-no-local-ep.ts';
import { lbHostnamePlaceholderBypass } from '../causes/service/lb-hostname-placeholder-bypass.ts';
import { nodelocaldnsVipOnIpvs } from '../causes/service/nodelocaldns-vip-on-ipvs.ts';
import { nodeportAddressNotServed } from '../causes/service/nodeport-address-not-served.ts';
import { proxyModeLeftoverRules } from '../causes/service/proxy-mode-leftover-rules.ts';
import { staleBackendInDataplane } from '../causes/service/stale-backend-in-dataplane.ts';
import { svcNoEndpoints } from '../causes/service/svc-no-endpoints.ts';
import { appBindsLoopbackOnly } from '../causes/socket/app-binds-loopback-only.ts';
import { listenQueueOverflow } from '../causes/socket/listen-queue-overflow.ts';
import { synBacklogFull } from '../causes/socket/syn-backlog-full.ts';
import { synDroppedPawsTwRecycle } from '../causes/socket/syn-dropped-paws-tw-recycle.ts';
import { targetportNoListenerRst } from '../causes/socket/targetport-no-listener-rst.ts';
import { vipOnDummyLocalListener } from '../causes/socket/vip-on-dummy-local-listener.ts';
import { ipForwardOff } from '../causes/sysctl/ip-forward-off.ts';
import { espOrNattBlockedInTransit } from '../causes/underlay/esp-or-natt-blocked-in-transit.ts';
import { ipipProto4Blocked } from '../causes/underlay/ipip-proto4-blocked.ts';
import { submarinerCablePortBlocked } from '../causes/underlay/submariner-cable-port-blocked.ts';
import { submarinerUdp4800Blocked } from '../causes/underlay/submariner-udp4800-blocked.ts';
import { underlayAntispoof } from '../causes/underlay/underlay-antispoof.ts';
import { vxlanUdpBlocked } from '../causes/underlay/vxlan-udp-blocked.ts';
import { submarinerIntraclusterVtepByDesign } from '../causes/vxlan/submariner-intracluster-vtep-by-design.ts';
import { submarinerVtepLinkFdbOk } from '../causes/vxlan/submariner-vtep-link-fdb-ok.ts';
import { vtepMacMismatch } from '../causes/vxlan/vtep-mac-mismatch.ts';
import { vxlanCsumOffloadDoubleNat } from '../causes/vxlan/vxlan-csum-offload-double-nat.ts';
import { vxlanFdbOrNeighMissing } from '../causes/vxlan/vxlan-fdb-or-neigh-missing.ts';
import { vxlanStaleFdbRemote } from '../causes/vxlan/vxlan-stale-fdb-remote.ts';
import { vxlanVniOrPortMismatch } from '../causes/vxlan/vxlan-vni-or-port-mismatch.ts';
import { ipsecDirectPodipOk } from '../causes/xfrm/ipsec-direct-podip-ok.ts';
import { ipsecHostnetOnlyVxlanOverEsp } from '../causes/xfrm/ipsec-hostnet-only-vxlan-over-esp.ts';
import { ipsecPodnetnsClusteripOk } from '../causes/xfrm/ipsec-podnetns-clusterip-ok.ts';
import { ipsecSvcCidrInPolicyWorkaround } from '../causes/xfrm/ipsec-svc-cidr-in-policy-workaround.ts';
import { ipvsHostClusteripXfrmInnopols } from '../causes/xfrm/ipvs-host-clusterip-xfrm-innopols.ts';
import { snatBeforeXfrmPolicyMiss } from '../causes/xfrm/snat-before-xfrm-policy-miss.ts';
import { xfrmAuthKeyMismatch } from '../causes/xfrm/xfrm-auth-key-mismatch.ts';
import { xfrmDefaultBlock } from '../causes/xfrm/xfrm-default-block.ts';
import { xfrmEncKeyMismatch } from '../causes/xfrm/xfrm-enc-key-mismatch.ts';
import { xfrmInOrFwdPolicyMissing } from '../causes/xfrm/xfrm-in-or-fwd-policy-missing.ts';
import { xfrmInSaOrSpiMissing } from '../causes/xfrm/xfrm-in-sa-or-spi-missing.ts';
import { xfrmNattEncapMismatch } from '../causes/xfrm/xfrm-natt-encap-mismatch.ts';
import { xfrmOutPolicyMissingPlaintext } from '../causes/xfrm/xfrm-out-policy-missing-plaintext.ts';
import { xfrmOutSaMissing } from '../causes/xfrm/xfrm-out-sa-missing.ts';
import { xfrmOuterAddrMismatch } from '../causes/xfrm/xfrm-outer-addr-mismatch.ts';
import { xfrmPlaintextWhereEspRequired } from '../causes/xfrm/xfrm-plaintext-where-esp-required.ts';
import { xfrmPolicyShadowed } from '../causes/xfrm/xfrm-policy-shadowed.ts';
import { xfrmReplayWindow } from '../causes/xfrm/xfrm-replay-window.ts';
import { xfrmSaExpired } from '../causes/xfrm/xfrm-sa-expired.ts';
import { xfrmSecpathLeaksIntoPodNetns } from '../causes/xfrm/xfrm-secpath-leaks-into-pod-netns.ts';
import { xfrmSeqExhausted } from '../causes/xfrm/xfrm-seq-exhausted.ts';
import { xfrmTmplReqidMismatch } from '../causes/xfrm/xfrm-tmpl-reqid-mismatch.ts';

export const CAUSES: readonly Cause[] = [
  ackMatrix,
  appBindsLoopbackOnly,
  blackholeOrUnreachableRoute,
  bridgeNfOffSameNode,
  calicoRpfRawDrop,
  ciliumKprAndKubeProxy,
  clbL4SelfLoopback,
  conntrackInsertRaceDns,
  conntrackTableFull,
  ctInvalidDropOrRst,
  duplicateIpOrArpConflict,
  espOrNattBlockedInTransit,
  etpClusterSourceIpLost,
  etpLocalEmptyRsRefused,
  etpLocalFlannelMasqOk,
  etpLocalHostnetToVipSrcIsVip,
  etpLocalIptablesNoLocalEp,
  etpLocalLocalEpOk,
  etpLocalRemoteRsNoSnat,
  externalipEqualsNodeIp,
  firewallManagerFlushedRules,
  forwardChainDrop,
  hairpinSelfService,
  hostportStaleDnat,
  hostportStealsVipPort,
  ifaceDownOrNoCarrier,
  inputChainDrop,
  ipForwardOff,
  ipipProto4Blocked,
  ipsecDirectPodipOk,
  ipsecHostnetOnlyVxlanOverEsp,
  ipsecIptablesModeOk,
  ipsecPodnetnsClusteripOk,
  ipsecSvcCidrInPolicyWorkaround,
  iptablesBackendSplit,
  ipvsAffinityTemplateDeadRs,
  ipvsConntrackSysctlOff,
  ipvsHostClusteripXfrmInnopols,
  ipvsIdleTimeoutRst,
  ipvsInputChainDrop,
  ipvsMasqMissingVipSource,
  ipvsPortReuse1s,
  ipvsRsRemovedMidConnection,
  ipvsStrictarpOff,
  ipvsVipAndDirectSame5tuple,
  ipvsWeightZeroPinned,
  itpLocalNoLocalEp,
  kubeIpvsIpsContainsHostIp,
  kubeRouterDsrPortOrMtu,
  kubeRouterForeignIpsetClobbered,
  kubeRouterIpv6VipSameNode,
  kubeRouterLocalIpsEmpty,
  kubeRouterNodeipInSvipReject,
  kubeRouterStalePodFw,
  kubeRouterSvcRangeEgressPolicy,
  kubeRouterSvipPrtRace,
  lbHostnamePlaceholderBypass,
  lbSourceRangesDrop,
  listenQueueOverflow,
  markOverwriteLosesMasq,
  martianSourceIsLocalVip,
  masqWrongOrNoAddress,
  neighFailedNextHop,
  neighTableOverflow,
  networkpolicyDrop,
  noReturnRoute,
  nodelocaldnsVipOnIpvs,
  nodeportAddressNotServed,
  nodeportOnLoopback,
  outputChainDrop,
  overlayMtuBlackhole,
  podcidrRouteMissing,
  policyRoutePrecedence,
  proxyModeLeftoverRules,
  ravenRouteOrMarkMissing,
  ravenSkipNatSetIncomplete,
  rawNotrackBreaksNat,
  returnPathBypassesNat,
  rpFilterStrictDrop,
  snatBeforeXfrmPolicyMiss,
  snatPortExhaustion,
  sourceIpMaskedBreaksAcl,
  staleBackendInDataplane,
  submarinerCablePortBlocked,
  submarinerCalicoNatoutgoing,
  submarinerChainNotHooked,
  submarinerGwHostnetTable150,
  submarinerIntraclusterVtepByDesign,
  submarinerIpvsUnsupported,
  submarinerMssNotClamped,
  submarinerSnatRuleRemovedHostnetBreak,
  submarinerUdp4800Blocked,
  submarinerVtepLinkFdbOk,
  submarinerVtepSnatReturnAsymmetry,
  svcNoEndpoints,
  synBacklogFull,
  synDroppedPawsTwRecycle,
  targetportNoListenerRst,
  terwayNodeportReplyViaEni,
  ttlExpired,
  udpStaleConntrack,
  underlayAntispoof,
  vipExternalClientOk,
  vipOnDummyLocalListener,
  vipOnDummyServedPortOk,
  vipOnDummyUnservedPort,
  vtepMacMismatch,
  vxlanCsumOffloadDoubleNat,
  vxlanFdbOrNeighMissing,
  vxlanStaleFdbRemote,
  vxlanUdpBlocked,
  vxlanVniOrPortMismatch,
  xfrmAuthKeyMismatch,
  xfrmDefaultBlock,
  xfrmEncKeyMismatch,
  xfrmInOrFwdPolicyMissing,
  xfrmInSaOrSpiMissing,
  xfrmNattEncapMismatch,
  xfrmOutPolicyMissingPlaintext,
  xfrmOutSaMissing,
  xfrmOuterAddrMismatch,
  xfrmPlaintextWhereEspRequired,
  xfrmPolicyShadowed,
  xfrmReplayWindow,
  xfrmSaExpired,
  xfrmSecpathLeaksIntoPodNetns,
  xfrmSeqExhausted,
  xfrmTmplReqidMismatch,
];

/** What is looked for without a flow. */
export const BUNDLE_CHECKS: readonly BundleCheck[] = [
  conntrackNearlyFull,
  dropsCounted,
  rulesInBothBackends,
  setMissingForRules,
  sourceNatNotHooked,
  sysctlsDiffer,
  tunnelEndsDisagree,
  wireguardNoHandshake,
  xfrmPoliciesWithoutStates,
  xfrmStatesWithoutPolicies,
];
