import { describe, expect, test } from 'vitest';
import type { CaptureInput } from '../../src/captures/module.ts';
import { read } from './fixture.ts';

const kube = (text: string, over: Partial<CaptureInput> = {}) => {
  const capture = read('kubectl', text, over);
  expect(capture.unreadLines).toEqual([]);
  const data = capture.data.kube;
  if (!data) throw new Error('no objects');
  return data;
};

const SERVICE = `apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: shop
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{"a":1}'
    example.com/mode: fast
  creationTimestamp: "2026-11-20T16:00:00Z"
spec:
  type: LoadBalancer
  clusterIP: 10.96.0.7
  clusterIPs:
  - 10.96.0.7
  - FD00::0007
  externalIPs:
  - 192.0.2.7
  externalTrafficPolicy: Local
  internalTrafficPolicy: Cluster
  loadBalancerSourceRanges:
  - 198.51.100.0/24
  ports:
  - name: http
    nodePort: 30080
    port: 80
    protocol: TCP
    targetPort: web-port
  - port: 53
    protocol: UDP
    targetPort: 5353
  selector:
    app: web
  sessionAffinity: None
status:
  loadBalancer:
    ingress:
    - ip: 203.0.113.7
    - hostname: lb.example.com
`;
const EXPECTED_SERVICE = {
  namespace: 'shop',
  name: 'web',
  type: 'LoadBalancer',
  clusterIPs: ['10.96.0.7', 'fd00::7'],
  externalIPs: ['192.0.2.7'],
  loadBalancerIPs: ['203.0.113.7'],
  loadBalancerHostnames: ['lb.example.com'],
  loadBalancerSourceRanges: ['198.51.100.0/24'],
  externalTrafficPolicy: 'Local',
  internalTrafficPolicy: 'Cluster',
  sessionAffinity: 'None',
  ports: [
    { name: 'http', protocol: 'TCP', port: 80, targetPort: 'web-port', nodePort: 30_080 },
    { name: undefined, protocol: 'UDP', port: 53, targetPort: '5353', nodePort: undefined },
  ],
  selector: new Map([['app', 'web']]),
  annotations: new Map([['example.com/mode', 'fast']]),
};

describe('YAML', () => {
  test('a service', () => {
    expect(kube(SERVICE).services).toEqual([{ ...EXPECTED_SERVICE, source: { file: 'node/capture.txt', line: 1 } }]);
  });

  test('several documents and lists; each object knows its line', () => {
    const list = `apiVersion: v1
items:
- apiVersion: v1
  kind: Endpoints
  metadata:
    name: web
    namespace: shop
  subsets:
  - addresses:
    - ip: 10.244.1.5
      nodeName: n1
      targetRef:
        kind: Pod
        name: web-1
    notReadyAddresses:
    - ip: 10.244.2.5
    ports:
    - name: http
      port: 8080
      protocol: TCP
    - port: 9090
- apiVersion: v1
  kind: Pod
  metadata:
    name: web-1
    namespace: shop
  spec:
    nodeName: n1
    hostNetwork: true
    containers: []
  status:
    phase: Running
    podIP: 10.244.1.5
    podIPs:
    - ip: 10.244.1.5
    - ip: fd00:244::5
    conditions:
    - type: Ready
      status: "True"
kind: List
metadata:
  resourceVersion: ""
`;
    const data = kube(`${SERVICE}---\n${list}---\n# nothing\n---\napiVersion: v1\nitems: []\nkind: List\n`);
    const listLine = SERVICE.split('\n').length + 1;
    expect(data.services).toHaveLength(1);
    expect(data.endpoints).toMatchObject([
      {
        source: { line: listLine + 2 },
        namespace: 'shop',
        service: 'web',
        address: '10.244.1.5',
        port: 8080,
        portName: 'http',
        ready: true,
        nodeName: 'n1',
        targetRef: 'Pod/web-1',
      },
      { address: '10.244.1.5', port: 9090, portName: undefined },
      { address: '10.244.2.5', port: 8080, ready: false },
      { address: '10.244.2.5', port: 9090, ready: false },
    ]);
    expect(data.pods).toMatchObject([
      {
        source: { line: listLine + 21 },
        name: 'web-1',
        nodeName: 'n1',
        hostNetwork: true,
        ips: ['10.244.1.5', 'fd00:244::5'],
        phase: 'Running',
        ready: true,
      },
    ]);
  });

  test('an API’s own list, whose items do not repeat their kind', () => {
    const data = kube(
      'apiVersion: v1\nkind: NodeList\nitems:\n- metadata:\n    name: n1\n  spec:\n    podCIDR: 10.244.1.0/24\n  status:\n    addresses:\n    - type: InternalIP\n      address: 192.0.2.11\n    - type: Hostname\n      address: n1\n    nodeInfo:\n      kubeletVersion: v1.29.0\n      kernelVersion: 6.1.0\n',
    );
    expect(data.nodes).toMatchObject([
      {
        name: 'n1',
        podCIDRs: ['10.244.1.0/24'],
        addresses: [
          { type: 'InternalIP', address: '192.0.2.11' },
          { type: 'Hostname', address: 'n1' },
        ],
        kubeletVersion: 'v1.29.0',
        kernelVersion: '6.1.0',
      },
    ]);
  });

  test('an endpoint slice belongs to the service of its label', () => {
    const slice =
      'addressType: IPv4\napiVersion: discovery.k8s.io/v1\nendpoints:\n- addresses:\n  - 10.244.1.5\n  conditions:\n    ready: true\n  nodeName: n1\n- addresses:\n  - 10.244.2.5\n  conditions:\n    ready: false\n- addresses:\n  - 10.244.3.5\nkind: EndpointSlice\nmetadata:\n  labels:\n    kubernetes.io/service-name: web\n  name: web-x7k2p\n  namespace: shop\nports:\n- name: ""\n  port: 8080\n  protocol: TCP\n';
    expect(kube(slice).endpoints).toMatchObject([
      { service: 'web', address: '10.244.1.5', port: 8080, portName: undefined, ready: true, nodeName: 'n1' },
      { address: '10.244.2.5', ready: false },
      { address: '10.244.3.5', ready: true },
    ]);
  });

  test('a bad document or item loses only itself', () => {
    const capture = read('kubectl', `kind: Service\nmetadata: {name: a\n---\n${SERVICE}`);
    expect(capture.data.kube?.services.map(({ name }) => name)).toEqual(['web']);
    expect(capture).toMatchObject({ unread: 1, unreadLines: [{ source: { line: 1 }, text: 'kind: Service' }] });
    expect(capture.unreadLines[0]?.expected).toBeDefined();
    const cut = read(
      'kubectl',
      'apiVersion: v1\nitems:\n- kind: Pod\n  metadata:\n    name: a\n- kind: Pod\n  metadata: {name: "b\n',
    );
    expect(cut.data.kube?.pods.map(({ name }) => name)).toEqual(['a']);
    expect(cut.unread).toBe(1);
  });

  test('client-go’s warnings before the document do not spoil it', () => {
    expect(kube(`Warning: v1 Endpoints is deprecated\n${SERVICE}`).services[0]?.source.line).toBe(2);
  });

  test('other kinds are recognised and ignored', () => {
    expect(read('kubectl', 'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: x\n')).toMatchObject({
      records: 0,
      ignored: 1,
      unread: 0,
    });
  });
});

describe('JSON', () => {
  const pod = (name: string) =>
    `    {\n      "apiVersion": "v1",\n      "kind": "Pod",\n      "metadata": {"name": "${name}", "namespace": "shop"},\n      "spec": {"nodeName": "n1", "containers": [{"env": [{"name": "items", "value": "}"}]}]},\n      "status": {"phase": "Running", "podIP": "10.244.1.5"}\n    }`;

  test('a List with the line of each item', () => {
    const data = kube(
      `{\n  "apiVersion": "v1",\n  "items": [\n${pod('a')},\n${pod('b')}\n  ],\n  "kind": "List",\n  "metadata": {"resourceVersion": ""}\n}\n`,
    );
    expect(data.pods.map(({ name, source }) => [name, source.line])).toEqual([
      ['a', 4],
      ['b', 11],
    ]);
  });

  test('a single object, an API’s own list, a bare array, null items', () => {
    expect(kube(pod('a')).pods).toHaveLength(1);
    expect(
      kube('{"kind":"ServiceList","items":[{"metadata":{"name":"s"},"spec":{"clusterIP":"None"}}]}').services,
    ).toMatchObject([{ name: 's', namespace: 'default', clusterIPs: [] }]);
    expect(kube('[{"metadata":{"name":"n1"},"status":{"nodeInfo":{"kubeletVersion":"v1.20.0"}}}]').nodes).toMatchObject(
      [{ name: 'n1' }],
    );
    expect(kube('{"kind":"PodList","items":null}').pods).toEqual([]);
  });

  test('a document that was cut keeps its whole items', () => {
    const capture = read('kubectl', `{\n  "items": [\n${pod('a')},\n${pod('b').slice(0, 80)}`);
    expect(capture.data.kube?.pods.map(({ name }) => name)).toEqual(['a']);
    expect(capture.unread).toBe(1);
  });
});

describe('tables', () => {
  test('services of all namespaces', () => {
    const data =
      kube(`NAMESPACE   NAME    TYPE           CLUSTER-IP      EXTERNAL-IP                 PORT(S)                      AGE   SELECTOR
default     kubernetes  ClusterIP   10.96.0.1   <none>   443/TCP   9d   <none>
shop        web     LoadBalancer   10.96.0.7       203.0.113.7,lb.example.com  80:30080/TCP,53:30053/UDP    9d    app=web,tier=front
shop        db      ClusterIP      None            <none>                      5432/TCP                     9d    app=db
`);
    expect(data.services).toMatchObject([
      {
        namespace: 'default',
        name: 'kubernetes',
        clusterIPs: ['10.96.0.1'],
        ports: [{ port: 443, nodePort: undefined }],
      },
      {
        namespace: 'shop',
        type: 'LoadBalancer',
        loadBalancerIPs: ['203.0.113.7'],
        loadBalancerHostnames: ['lb.example.com'],
        ports: [
          { port: 80, nodePort: 30_080, protocol: 'TCP' },
          { port: 53, nodePort: 30_053, protocol: 'UDP' },
        ],
        selector: new Map([
          ['app', 'web'],
          ['tier', 'front'],
        ]),
      },
      { name: 'db', clusterIPs: [] },
    ]);
  });

  test('pods of one namespace, wide; cells may be empty', () => {
    const data = kube(
      `NAME    READY   STATUS             RESTARTS       AGE   IP            NODE     NOMINATED NODE   READINESS GATES
web-1   1/1     Running            5 (3d ago)     9d    10.244.1.5    n1       <none>           <none>
web-2   0/1     CrashLoopBackOff   12             9d    <none>        <none>   <none>           <none>
job-1   0/1     Completed          0              9d    10.244.1.9    n1       <none>           <none>
`,
      { command: 'kubectl get pods -n shop -o wide' },
    );
    expect(data.pods).toMatchObject([
      { namespace: 'shop', name: 'web-1', ips: ['10.244.1.5'], nodeName: 'n1', phase: 'Running', ready: true },
      { name: 'web-2', ips: [], nodeName: undefined, phase: undefined, ready: false },
      { name: 'job-1', phase: 'Succeeded', ready: false },
    ]);
  });

  test('nodes, endpoints and slices', () => {
    const data =
      kube(`NAME   STATUS   ROLES    AGE   VERSION   INTERNAL-IP   EXTERNAL-IP   OS-IMAGE                         KERNEL-VERSION   CONTAINER-RUNTIME
n1     Ready    <none>   9d    v1.29.0   192.0.2.11    <none>        Debian GNU/Linux 12 (bookworm)   6.1.0-18-amd64   containerd://1.7.1

NAME         ENDPOINTS                                       AGE
kubernetes   192.0.2.10:6443                                 9d
web          10.244.1.5:8080,[fd00::5]:8080 + 3 more...      9d
none         <none>                                          9d

NAME        ADDRESSTYPE   PORTS   ENDPOINTS               AGE
web-x7k2p   IPv4          8080    10.244.1.5,10.244.2.5   9d
`);
    expect(data.nodes).toMatchObject([
      {
        name: 'n1',
        addresses: [{ type: 'InternalIP', address: '192.0.2.11' }],
        kubeletVersion: 'v1.29.0',
        kernelVersion: '6.1.0-18-amd64',
      },
    ]);
    expect(data.endpoints.map(({ service, address, port }) => [service, address, port])).toEqual([
      ['kubernetes', '192.0.2.10', 6443],
      ['web', '10.244.1.5', 8080],
      ['web', 'fd00::5', 8080],
      ['web', '10.244.1.5', 8080],
      ['web', '10.244.2.5', 8080],
    ]);
  });

  test('the last word of a watch counts; kubectl get all names the resource', () => {
    const data = kube(
      'NAME        READY   STATUS    RESTARTS   AGE\npod/web-0   0/1     Pending   0          0s\npod/web-0   1/1     Running   0          9s\n',
    );
    expect(data.pods).toMatchObject([{ name: 'web-0', phase: 'Running' }]);
  });

  test('messages are no rows; a line that fits no column is unread', () => {
    const capture = read(
      'kubectl',
      'No resources found in shop namespace.\nerror: the server doesn\'t have a resource type "gateways"\nThe connection to the server 192.0.2.10:6443 was refused\n',
    );
    expect(capture).toMatchObject({ records: 0, unread: 0 });
    expect(capture.toolMessages).toHaveLength(3);
    expect(read('kubectl', 'web 1/1\n').unread).toBe(1);
  });
});
