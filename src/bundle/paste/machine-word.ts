/** What machines of a network are called after what they do. */
const ROLES: ReadonlySet<string> = new Set(
  (
    'master worker controlplane control-plane server client gateway router gw director realserver real-server balancer loadbalancer load-balancer lb firewall fw hypervisor vm guest host node ' +
    'initiator responder peer controller compute bastion hub spoke edge backend frontend proxy be fe rs vip-holder database db web app storage leader follower agent hq branch ' +
    'primary secondary standby cloud onprem on-prem vps'
  ).split(' '),
);

/** Words that stand before a name and say what it is. */
export const MACHINE_NOUN =
  '(?:node|host|server|machine|vm|gateway|router|box|worker|master|instance|site|peer|client|hypervisor|container host|computer|system|firewall|director|real ?server|k8s node|主机|节点|服务器|机器|网关|客户端|服务端)';

/** Words with a number behind them that count something else than machines. */
const COUNTED =
  /^(?:step|test|case|table|chain|output|log|example|attempt|try|fig|figure|image|part|section|question|q|option|method|solution|approach|edit|update|note|phase|round|run|take|issue|bug|problem|ip|ipv|v|rule|line|layer|l|port|vlan|time|day|version|release|scenario|variant|config|file|command|cmd|result|x|i|arm|sha|md|utf|p|h|no|nr|point|item|page|comment|reply|post|pod|container|policy|tunnel|net|subnet|network|lan|wan)[-_]?\d{1,6}$/i;

const DEVICE =
  /^(?:lo|any|(?:eth|en[opsx]|em|bond|team|eni|wlan|wl|ppp|veth|cali|lxc|tap|tun|tunl|vxlan|flannel|cni|docker|virbr|br|wg|gre|vti|ipsec|xfrm|genev|dummy|ip6tnl|sit|kube-ipvs|br-[0-9a-f]|nodelocaldns|ovs|vmbr)[\w.@-]{0,14})$/;

const FORMS =
  /^(?:\d+(?:\.\d+){0,2}|v?\d+\.\d+\S*|\d+(?:st|nd|rd|th)|\d{4}-\d\d-\d\d|0x[0-9a-f]+|\d+[smhd]|k8s|x86_64|ipv[46]|i[36]86|utf-?8)$/i;

const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3})$/;

/** Parts of words that are about machines and name none: `server-side`, `node-port`. */
const NO_PARTS: ReadonlySet<string> = new Set(
  (
    'side port network networks logs log config rules rule routes route routing state output info table tables setup level based only to name ip addr address addresses dump capture trace ' +
    'before after pre post test check list show save get all status stats working non not with without and or is in on initial final relevant readonly raw evidence result results reachability ' +
    'via behavior behaviour flow path chain policy policies type mode time'
  ).split(' '),
);

/** A word that may name a machine at all, where something else says that it does. */
export const isHostName = (word: string): boolean =>
  /^[A-Za-z0-9](?:[\w.-]{0,62}[A-Za-z0-9])?$/.test(word) &&
  !/\.(?:txt|log|sh|conf|yaml|yml|json|md|pcap|service)$/i.test(word);

/** A word that nothing but its look says to be a machine's: `node1`, `gw-a`, `10.0.0.7`, `master`. */
export const looksLikeMachine = (word: string): boolean => {
  if (!isHostName(word) || word.length > 63 || word.includes('_')) return false;
  if (ADDRESS.test(word)) return true;
  if (FORMS.test(word) || COUNTED.test(word) || DEVICE.test(word) || /\.\d{1,4}$/.test(word)) return false;
  const lower = word.toLowerCase();
  if (ROLES.has(lower)) return true;
  const parts = lower.split(/[-.]/);
  if (parts.some((part) => NO_PARTS.has(part))) return false;
  if (/\d/.test(word) && /[a-z]/i.test(word)) return true;
  return (
    parts.length > 1 &&
    (parts.some((part) => ROLES.has(part)) || (parts.at(-1)?.length === 1 && (parts[0]?.length ?? 0) <= 10))
  );
};
