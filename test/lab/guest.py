"""Runs inside the lab's kernel: plays the cases of cases.json one after another and leaves what it saw in case-N.json.

The topology is there already; an agent (test/kernel/agent.py) lives in every namespace.
"""
import json, os, subprocess, sys, time

OUT, AGENT = sys.argv[1], sys.argv[2]
plan = json.load(open(os.path.join(OUT, 'cases.json')))

SAY = 'say() { echo "@@$1"; shift; "$@" 2>/dev/null; }\n'
# What no case changes is read once: under emulation every command costs.
STILL = SAY + '''
say ip_rule ip rule
say ss_-ant ss -ant
say ss_-anu ss -anu
say sysctl sysctl -a -r '^net\\.(ipv4\\.(conf|vs|ip_forward|fwmark|tcp_fwmark|icmp)|netfilter|bridge|ipv6\\.conf\\.all)'
'''
STATE = SAY + '''
say ip_addr ip -d addr
say ip_route ip route show table all
say ip_neigh ip neigh
say iptables-nft-save iptables-save -c
say ipvsadm ipvsadm -Ln
say xfrm_state ip -s xfrm state
say xfrm_policy ip -s xfrm policy
say sysctl sysctl net.ipv4.vs.conntrack
'''
AFTER = '''
echo @@conntrack; conntrack -L -o extended 2>/dev/null
echo @@xfrm_stat; cat /proc/net/xfrm_stat
'''


class Agent:
    def __init__(self, namespace):
        self.process = subprocess.Popen(['ip', 'netns', 'exec', namespace, 'python3', AGENT], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + '\n')
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def texts(out):
    found = {}
    name = None
    for line in out.splitlines(keepends=True):
        if line.startswith('@@'):
            name = line[2:].strip()
            found[name] = ''
        elif name is not None:
            found[name] += line
    return found


agents = {name: Agent(name) for name in plan['hosts']}
for name, sockets in plan['listeners'].items():
    agents[name].ask(op='listen', sockets=sockets)


def state(name):
    return texts(agents[name].ask(op='sh', script=STATE)['out'])


def together(one, other):
    return {name: one.get(name, '') + other.get(name, '') for name in {**one, **other}}


fixed = {name: texts(agent.ask(op='sh', script=STILL)['out']) for name, agent in agents.items()}
still = {name: state(name) for name in plan['still']}
for case in plan['cases']:
    started = time.time()
    done = subprocess.run(['sh', '-s'], input=case['apply'], text=True, capture_output=True)
    captures = {name: together(fixed[name], still.get(name) or state(name)) for name in agents}
    for agent in agents.values():
        agent.ask(op='seen')
    flow = agents[case['flow']['namespace']].ask(op='flows', flows=[case['flow']], timeout=plan['timeout'])['results'][0]
    seen = {name: agent.ask(op='seen')['seen'] for name, agent in agents.items()}
    after = {name: texts(agents[name].ask(op='sh', script=AFTER)['out']) for name in plan['hosts'] if name not in plan['still']}
    with open(os.path.join(OUT, 'case-%d.json' % case['n']), 'w') as f:
        json.dump({'refused': done.stderr, 'captures': captures, 'result': flow, 'seen': seen, 'after': after,
                   'seconds': time.time() - started}, f)
    subprocess.run(['sh', '-s'], input=plan['clean'], text=True, capture_output=True)
