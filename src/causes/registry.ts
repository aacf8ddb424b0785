import { ackMatrix } from './ack-matrix.ts';
import { appBindsLoopbackOnly } from './app-binds-loopback-only.ts';
import { blackholeOrUnreachableRoute } from './blackhole-or-unreachable-route.ts';
import { bridgeNfOffSameNode } from './bridge-nf-off-same-node.ts';
import { calicoRpfRawDrop } from './calico-rpf-raw-drop.ts';
import { conntrackNearlyFull } from './checks/conntrack-nearly-full.ts';
import { rulesInBothBackends } from './checks/rules-in-both-backends.ts';
import { setMissingForRules } from './checks/set-missing-for-rules.ts';
import { sysctlsDiffer } from './checks/sysctls-differ.ts';
import { tunnelEndsDisagree } from './checks/tunnel-ends-disagree.ts';
import { xfrmPoliciesWithoutStates } from './checks/xfrm-policies-without-states.ts';
import { xfrmStatesWithoutPolicies } from './checks/xfrm-states-without-policies.ts';
import { ciliumKprAndKubeProxy } from './cilium-kpr-and-kube-proxy.ts';
import { clbL4SelfLoopback } from './clb-l4-self-loopback.ts';
import { conntrackInsertRaceDns } from './conntrack-insert-race-dns.ts';
import { conntrackTableFull } from './conntrack-table-full.ts';
import { ctInvalidDropOrRst } from './ct-invalid-drop-or-rst.ts';
import { duplicateIpOrArpConflict } from './duplicate-ip-or-arp-conflict.ts';
import { espOrNattBlockedInTransit } from './esp-or-natt-blocked-in-transit.ts';
import { etpClusterSourceIpLost } from './etp-cluster-source-ip-lost.ts';
import { etpLocalEmptyRsRefused } from './etp-local-empty-rs-refused.ts';
import { etpLocalFlannelMasqOk } from './etp-local-flannel-masq-ok.ts';
import { etpLocalHostnetToVipSrcIsVip } from './etp-local-hostnet-to-vip-src-is-vip.ts';
import { etpLocalIptablesNoLocalEp } from './etp-local-iptables-no-local-ep.ts';
import { etpLocalLocalEpOk } from './etp-local-local-ep-ok.ts';
import { etpLocalRemoteRsNoSnat } from './etp-local-remote-rs-no-snat.ts';
import { externalipEqualsNodeIp } from './externalip-equals-node-ip.ts';
import type { BundleCheck, Cause } from './finding.ts';
import { firewallManagerFlushedRules } from './firewall-manager-flushed-rules.ts';
import { forwardChainDrop } from './forward-chain-drop.ts';
import { hairpinSelfService } from './hairpin-self-service.ts';
import { hostportStaleDnat } from './hostport-stale-dnat.ts';
import { hostportStealsVipPort } from './hostport-steals-vip-port.ts';
import { ifaceDownOrNoCarrier } from './iface-down-or-no-carrier.ts';
import { ipForwardOff } from './ip-forward-off.ts';
import { ipipProto4Blocked } from './ipip-proto4-blocked.ts';
import { ipsecDirectPodipOk } from './ipsec-direct-podip-ok.ts';
import { ipsecHostnetOnlyVxlanOverEsp } from './ipsec-hostnet-only-vxlan-over-esp.ts';
import { ipsecIptablesModeOk } from './ipsec-iptables-mode-ok.ts';
import { ipsecPodnetnsClusteripOk } from './ipsec-podnetns-clusterip-ok.ts';
import { ipsecSvcCidrInPolicyWorkaround } from './ipsec-svc-cidr-in-policy-workaround.ts';
import { iptablesBackendSplit } from './iptables-backend-split.ts';
import { ipvsAffinityTemplateDeadRs } from './ipvs-affinity-template-dead-rs.ts';
import { ipvsConntrackSysctlOff } from './ipvs-conntrack-sysctl-off.ts';
import { ipvsHostClusteripXfrmInnopols } from './ipvs-host-clusterip-xfrm-innopols.ts';
import { ipvsIdleTimeoutRst } from './ipvs-idle-timeout-rst.ts';
import { ipvsInputChainDrop } from './ipvs-input-chain-drop.ts';
import { ipvsMasqMissingVipSource } from './ipvs-masq-missing-vip-source.ts';
import { ipvsPortReuse1s } from './ipvs-port-reuse-1s.ts';
import { ipvsRsRemovedMidConnection } from './ipvs-rs-removed-mid-connection.ts';
import { ipvsStrictarpOff } from './ipvs-strictarp-off.ts';
import { ipvsVipAndDirectSame5tuple } from './ipvs-vip-and-direct-same-5tuple.ts';
import { ipvsWeightZeroPinned } from './ipvs-weight-zero-pinned.ts';
import { itpLocalNoLocalEp } from './itp-local-no-local-ep.ts';
import { kubeIpvsIpsContainsHostIp } from './kube-ipvs-ips-contains-host-ip.ts';
import { kubeRouterDsrPortOrMtu } from './kube-router-dsr-port-or-mtu.ts';
import { kubeRouterForeignIpsetClobbered } from './kube-router-foreign-ipset-clobbered.ts';
import { kubeRouterIpv6VipSameNode } from './kube-router-ipv6-vip-same-node.ts';
import { kubeRouterLocalIpsEmpty } from './kube-router-local-ips-empty.ts';
import { kubeRouterNodeipInSvipReject } from './kube-router-nodeip-in-svip-reject.ts';
import { kubeRouterStalePodFw } from './kube-router-stale-pod-fw.ts';
import { kubeRouterSvcRangeEgressPolicy } from './kube-router-svc-range-egress-policy.ts';
import { kubeRouterSvipPrtRace } from './kube-router-svip-prt-race.ts';
import { lbHostnamePlaceholderBypass } from './lb-hostname-placeholder-bypass.ts';
import { lbSourceRangesDrop } from './lb-source-ranges-drop.ts';
import { listenQueueOverflow } from './listen-queue-overflow.ts';
import { markOverwriteLosesMasq } from './mark-overwrite-loses-masq.ts';
import { martianSourceIsLocalVip } from './martian-source-is-local-vip.ts';
import { masqWrongOrNoAddress } from './masq-wrong-or-no-address.ts';
import { neighFailedNextHop } from './neigh-failed-next-hop.ts';
import { neighTableOverflow } from './neigh-table-overflow.ts';
import { networkpolicyDrop } from './networkpolicy-drop.ts';
import { nodelocaldnsVipOnIpvs } from './nodelocaldns-vip-on-ipvs.ts';
import { nodeportAddressNotServed } from './nodeport-address-not-served.ts';
import { nodeportOnLoopback } from './nodeport-on-loopback.ts';
import { overlayMtuBlackhole } from './overlay-mtu-blackhole.ts';
import { podcidrRouteMissing } from './podcidr-route-missing.ts';
import { policyRoutePrecedence } from './policy-route-precedence.ts';
import { proxyModeLeftoverRules } from './proxy-mode-leftover-rules.ts';
import { ravenRouteOrMarkMissing } from './raven-route-or-mark-missing.ts';
import { ravenSkipNatSetIncomplete } from './raven-skip-nat-set-incomplete.ts';
import { rawNotrackBreaksNat } from './raw-notrack-breaks-nat.ts';
import { returnPathBypassesNat } from './return-path-bypasses-nat.ts';
import { rpFilterStrictDrop } from './rp-filter-strict-drop.ts';
import { snatBeforeXfrmPolicyMiss } from './snat-before-xfrm-policy-miss.ts';
import { snatPortExhaustion } from './snat-port-exhaustion.ts';
import { sourceIpMaskedBreaksAcl } from './source-ip-masked-breaks-acl.ts';
import { staleBackendInDataplane } from './stale-backend-in-dataplane.ts';
import { submarinerCablePortBlocked } from './submariner-cable-port-blocked.ts';
import { submarinerCalicoNatoutgoing } from './submariner-calico-natoutgoing.ts';
import { submarinerChainNotHooked } from './submariner-chain-not-hooked.ts';
import { submarinerGwHostnetTable150 } from './submariner-gw-hostnet-table150.ts';
import { submarinerIntraclusterVtepByDesign } from './submariner-intracluster-vtep-by-design.ts';
import { submarinerIpvsUnsupported } from './submariner-ipvs-unsupported.ts';
import { submarinerMssNotClamped } from './submariner-mss-not-clamped.ts';
import { submarinerSnatRuleRemovedHostnetBreak } from './submariner-snat-rule-removed-hostnet-break.ts';
import { submarinerUdp4800Blocked } from './submariner-udp4800-blocked.ts';
import { submarinerVtepLinkFdbOk } from './submariner-vtep-link-fdb-ok.ts';
import { submarinerVtepSnatReturnAsymmetry } from './submariner-vtep-snat-return-asymmetry.ts';
import { svcNoEndpoints } from './svc-no-endpoints.ts';
import { synBacklogFull } from './syn-backlog-full.ts';
import { synDroppedPawsTwRecycle } from './syn-dropped-paws-tw-recycle.ts';
import { targetportNoListenerRst } from './targetport-no-listener-rst.ts';
import { terwayNodeportReplyViaEni } from './terway-nodeport-reply-via-eni.ts';
import { udpStaleConntrack } from './udp-stale-conntrack.ts';
import { underlayAntispoof } from './underlay-antispoof.ts';
import { vipExternalClientOk } from './vip-external-client-ok.ts';
import { vipOnDummyLocalListener } from './vip-on-dummy-local-listener.ts';
import { vipOnDummyServedPortOk } from './vip-on-dummy-served-port-ok.ts';
import { vipOnDummyUnservedPort } from './vip-on-dummy-unserved-port.ts';
import { vtepMacMismatch } from './vtep-mac-mismatch.ts';
import { vxlanCsumOffloadDoubleNat } from './vxlan-csum-offload-double-nat.ts';
import { vxlanFdbOrNeighMissing } from './vxlan-fdb-or-neigh-missing.ts';
import { vxlanStaleFdbRemote } from './vxlan-stale-fdb-remote.ts';
import { vxlanUdpBlocked } from './vxlan-udp-blocked.ts';
import { vxlanVniOrPortMismatch } from './vxlan-vni-or-port-mismatch.ts';
import { xfrmAuthKeyMismatch } from './xfrm-auth-key-mismatch.ts';
import { xfrmDefaultBlock } from './xfrm-default-block.ts';
import { xfrmEncKeyMismatch } from './xfrm-enc-key-mismatch.ts';
import { xfrmInOrFwdPolicyMissing } from './xfrm-in-or-fwd-policy-missing.ts';
import { xfrmInSaOrSpiMissing } from './xfrm-in-sa-or-spi-missing.ts';
import { xfrmNattEncapMismatch } from './xfrm-natt-encap-mismatch.ts';
import { xfrmOutPolicyMissingPlaintext } from './xfrm-out-policy-missing-plaintext.ts';
import { xfrmOutSaMissing } from './xfrm-out-sa-missing.ts';
import { xfrmOuterAddrMismatch } from './xfrm-outer-addr-mismatch.ts';
import { xfrmPlaintextWhereEspRequired } from './xfrm-plaintext-where-esp-required.ts';
import { xfrmPolicyShadowed } from './xfrm-policy-shadowed.ts';
import { xfrmReplayWindow } from './xfrm-replay-window.ts';
import { xfrmSaExpired } from './xfrm-sa-expired.ts';
import { xfrmSecpathLeaksIntoPodNetns } from './xfrm-secpath-leaks-into-pod-netns.ts';
import { xfrmSeqExhausted } from './xfrm-seq-exhausted.ts';
import { xfrmTmplReqidMismatch } from './xfrm-tmpl-reqid-mismatch.ts';

/** Every root cause and healthy control of a flow, in alphabetical order: one line each. */
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
  nodelocaldnsVipOnIpvs,
  nodeportAddressNotServed,
  nodeportOnLoopback,
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
  rulesInBothBackends,
  setMissingForRules,
  sysctlsDiffer,
  tunnelEndsDisagree,
  xfrmPoliciesWithoutStates,
  xfrmStatesWithoutPolicies,
];
