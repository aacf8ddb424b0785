import type { Sourced } from './source.ts';

export interface KubePort {
  readonly name: string | undefined;
  readonly protocol: string;
  readonly port: number;
  readonly targetPort: string | undefined;
  readonly nodePort: number | undefined;
}
export interface KubeService extends Sourced {
  readonly namespace: string;
  readonly name: string;
  readonly type: string;
  readonly clusterIPs: readonly string[];
  readonly externalIPs: readonly string[];
  readonly loadBalancerIPs: readonly string[];
  readonly loadBalancerHostnames: readonly string[];
  readonly loadBalancerSourceRanges: readonly string[];
  readonly externalTrafficPolicy: string | undefined;
  readonly internalTrafficPolicy: string | undefined;
  readonly sessionAffinity: string | undefined;
  readonly ports: readonly KubePort[];
  readonly selector: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
}
export interface KubeEndpoint extends Sourced {
  readonly namespace: string;
  readonly service: string;
  readonly address: string;
  readonly port: number | undefined;
  readonly portName: string | undefined;
  readonly protocol: string;
  readonly ready: boolean;
  readonly nodeName: string | undefined;
  readonly targetRef: string | undefined;
}
export interface KubePod extends Sourced {
  readonly namespace: string;
  readonly name: string;
  readonly nodeName: string | undefined;
  readonly ips: readonly string[];
  readonly hostNetwork: boolean;
  readonly phase: string | undefined;
  readonly ready: boolean | undefined;
}
export interface KubeNode extends Sourced {
  readonly name: string;
  readonly addresses: readonly { readonly type: string; readonly address: string }[];
  readonly podCIDRs: readonly string[];
  readonly kubeletVersion: string | undefined;
  readonly kernelVersion: string | undefined;
  readonly annotations: ReadonlyMap<string, string>;
}
