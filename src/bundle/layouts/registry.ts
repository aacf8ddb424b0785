import { ACK } from './ack.ts';
import { AKS } from './aks.ts';
import { ANTREA } from './antrea.ts';
import { CALICO_CLUSTER, CALICO_NODE } from './calico.ts';
import { CILIUM } from './cilium.ts';
import { CLUSTER_INFO } from './cluster-info.ts';
import { EKS } from './eks.ts';
import { INSIGHTS } from './insights.ts';
import { KUBE_OVN } from './kube-ovn.ts';
import { KUBESPRAY } from './kubespray.ts';
import type { Layout } from './layout.ts';
import { MICROK8S } from './microk8s.ts';
import { MUST_GATHER } from './must-gather.ts';
import { RANCHER } from './rancher.ts';
import { SOS } from './sos.ts';
import { SUBCTL } from './subctl.ts';
import { SUPPORT_BUNDLE_KIT } from './support-bundle-kit.ts';
import { SUPPORTCONFIG } from './supportconfig.ts';
import { TROUBLESHOOT } from './troubleshoot.ts';

/** Every collector that is known, in the order in which its markers are tried. */
export const LAYOUTS: readonly Layout[] = [
  INSIGHTS,
  SOS,
  SUBCTL,
  TROUBLESHOOT,
  MUST_GATHER,
  CILIUM,
  CALICO_CLUSTER,
  CALICO_NODE,
  ANTREA,
  KUBE_OVN,
  ACK,
  RANCHER,
  EKS,
  SUPPORTCONFIG,
  SUPPORT_BUNDLE_KIT,
  AKS,
  MICROK8S,
  KUBESPRAY,
  CLUSTER_INFO,
];
