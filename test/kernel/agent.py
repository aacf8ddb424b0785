"""Lives in one network namespace: runs scripts, listens, sends flows and notes every packet that is delivered here.

One JSON object per line in and out. Operations: sh, listen, flows, seen.
"""
import asyncio, errno, json, os, socket, struct, subprocess, sys

seen = []
servers = []


def inner_of(data, v6):
    """The packet that an ICMP error quotes."""
    if v6:
        if len(data) < 48:
            return None
        proto, src, dst, rest = data[6], data[8:24], data[24:40], data[40:]
        name = lambda a: socket.inet_ntop(socket.AF_INET6, a)
    else:
        if len(data) < 28:
            return None
        proto, src, dst, rest = data[9], data[12:16], data[16:20], data[(data[0] & 15) * 4:]
        name = socket.inet_ntoa
    sport, dport = struct.unpack('!HH', rest[:4])
    return {'proto': proto, 'src': name(src), 'dst': name(dst), 'sport': sport, 'dport': dport}


def note(proto, src, dst, data, v6):
    packet = {'src': src, 'dst': dst, 'family': 6 if v6 else 4}
    if proto in (6, 17):
        sport, dport = struct.unpack('!HH', data[:4])
        packet.update(proto='tcp' if proto == 6 else 'udp', sport=sport, dport=dport)
        if proto == 6:
            flags = data[13]
            packet['flags'] = ''.join(c for c, bit in (('S', 2), ('A', 16), ('R', 4), ('F', 1)) if flags & bit)
        else:
            packet['tag'] = data[8:24].decode('latin1')
    else:
        kind, code = data[0], data[1]
        packet.update(proto='icmp', type=kind, code=code)
        if kind in (0, 8, 128, 129):
            packet['id'] = struct.unpack('!H', data[4:6])[0]
            packet['tag'] = data[8:24].decode('latin1')
        elif kind in (133, 134, 135, 136, 143):
            return
        else:
            packet['quoted'] = inner_of(data[8:], v6)
    seen.append(packet)


def watch(loop):
    """Raw sockets get a copy of all that ip_local_deliver_finish hands on: what passed INPUT."""
    for proto in (socket.IPPROTO_TCP, socket.IPPROTO_UDP, socket.IPPROTO_ICMP):
        s = socket.socket(socket.AF_INET, socket.SOCK_RAW, proto)
        s.setblocking(False)

        def read(s=s, proto=proto):
            while True:
                try:
                    data = s.recv(4096)
                except OSError:
                    return
                header = (data[0] & 15) * 4
                try:
                    note(proto, socket.inet_ntoa(data[12:16]), socket.inet_ntoa(data[16:20]), data[header:], False)
                except (struct.error, IndexError):
                    pass
        loop.add_reader(s, read)
    for proto in (socket.IPPROTO_TCP, socket.IPPROTO_UDP, socket.IPPROTO_ICMPV6):
        s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, proto)
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        s.setblocking(False)

        def read6(s=s, proto=proto):
            while True:
                try:
                    data, ancillary, _, source = s.recvmsg(4096, 256)
                except OSError:
                    return
                dst = ''
                for level, kind, value in ancillary:
                    if level == socket.IPPROTO_IPV6 and kind == socket.IPV6_PKTINFO:
                        dst = socket.inet_ntop(socket.AF_INET6, value[:16])
                try:
                    note(proto, source[0].split('%')[0], dst, data, True)
                except (struct.error, IndexError):
                    pass
        loop.add_reader(s, read6)


def listen(loop, spec):
    family = socket.AF_INET6 if ':' in spec['address'] else socket.AF_INET
    kind = socket.SOCK_STREAM if spec['proto'] == 'tcp' else socket.SOCK_DGRAM
    s = socket.socket(family, kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1 if spec.get('v6only', True) else 0)
    try:
        s.setsockopt(socket.IPPROTO_IP, 15, 1)  # IP_FREEBIND
        if family == socket.AF_INET6:
            s.setsockopt(socket.IPPROTO_IPV6, 75, 1)  # IPV6_TRANSPARENT: TPROXY may choose it
        else:
            s.setsockopt(socket.IPPROTO_IP, 19, 1)  # IP_TRANSPARENT
        s.bind((spec['address'], spec['port']))
    except OSError as e:
        return '%s %s: %s' % (spec['address'], spec['port'], e)
    s.setblocking(False)
    servers.append(s)
    if kind == socket.SOCK_STREAM:
        s.listen(128)

        def accept():
            while True:
                try:
                    c, _ = s.accept()
                except OSError:
                    return
                c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
                loop.call_later(2, c.close)
        loop.add_reader(s, accept)
    else:
        # Answers from the address that was asked, as a server bound to it would.
        level = socket.IPPROTO_IPV6 if family == socket.AF_INET6 else socket.IPPROTO_IP
        s.setsockopt(level, socket.IPV6_RECVPKTINFO if family == socket.AF_INET6 else 8, 1)

        def answer():
            while True:
                try:
                    data, ancillary, _, peer = s.recvmsg(4096, 256)
                except OSError:
                    return
                if not data.startswith(b'k'):  # what a rule sent here by mistake, a tunnel's packet perhaps
                    continue
                control = []
                for lv, ty, value in ancillary:
                    if family == socket.AF_INET6 and ty == socket.IPV6_PKTINFO:
                        control.append((lv, ty, value[:16] + b'\0\0\0\0'))
                    elif family == socket.AF_INET and ty == 8:
                        control.append((lv, ty, b'\0\0\0\0' + value[8:12] + b'\0\0\0\0'))
                try:
                    s.sendmsg([b'r' + data[1:]], control, 0, peer)  # as long as what was asked
                except OSError:
                    pass
        loop.add_reader(s, answer)
    return None


def name_of(e):
    return errno.errorcode.get(e.errno or 0, str(e))


async def flow(loop, f, timeout):
    v6 = ':' in f['dst']
    family = socket.AF_INET6 if v6 else socket.AF_INET
    proto = f['proto']
    any_address = '::' if v6 else '0.0.0.0'
    if proto == 'icmp':
        s = socket.socket(family, socket.SOCK_DGRAM, socket.IPPROTO_ICMPV6 if v6 else socket.IPPROTO_ICMP)
    else:
        s = socket.socket(family, socket.SOCK_STREAM if proto == 'tcp' else socket.SOCK_DGRAM)
    s.setblocking(False)
    try:
        if proto == 'tcp':
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        else:
            s.setsockopt(socket.IPPROTO_IPV6 if v6 else socket.IPPROTO_IP, 25 if v6 else 11, 1)  # RECVERR
        s.bind((f.get('src') or any_address, f['sport']))
    except OSError as e:
        s.close()
        return {'outcome': 'EBIND', 'why': str(e)}
    local = None
    tag = ('k%05d' % f['n']).encode() + b'.' * max(2, f.get('payload', 8) - 6)
    try:
        if proto == 'tcp':
            await asyncio.wait_for(loop.sock_connect(s, (f['dst'], f['dport'])), timeout)
            local = s.getsockname()[0]
            result = 'ok'
        elif proto == 'udp':
            s.connect((f['dst'], f['dport']))
            local = s.getsockname()[0]
            s.send(tag)
            data = await asyncio.wait_for(loop.sock_recv(s, 4096), timeout)
            result = 'ok' if data[1:6] == tag[1:6] else 'garbage'
        else:
            s.sendto(struct.pack('!BBHHH', 128 if v6 else 8, 0, 0, 0, 1) + tag, (f['dst'], 0))
            result = None
            end = loop.time() + timeout
            while result is None:
                data, peer = await asyncio.wait_for(receive_from(loop, s), max(0.01, end - loop.time()))
                if data[8:14] == tag[:6] and peer[0].split('%')[0] == f['dst']:
                    result = 'ok'
    except (asyncio.TimeoutError, TimeoutError) as e:
        result = 'timeout' if getattr(e, 'errno', None) is None else name_of(e)
    except OSError as e:
        result = name_of(e)
    s.close()
    return {'outcome': result, 'local': local}


async def receive_from(loop, s):
    while True:
        try:
            return s.recvfrom(4096)
        except (BlockingIOError, InterruptedError):
            pass
        except OSError as e:
            if e.errno != errno.EREMOTEIO:  # an ICMP redirect: the echo is on its way all the same
                raise
            continue
        ready = loop.create_future()
        loop.add_reader(s, lambda: ready.done() or ready.set_result(None))
        try:
            await ready
        finally:
            loop.remove_reader(s)


async def run_flows(loop, request):
    async def one(f):
        await asyncio.sleep(f.get('delay', 0))
        try:
            result = await flow(loop, f, request['timeout'])
        except Exception as e:  # a broken flow must not take the others along
            result = {'outcome': 'broken', 'why': repr(e)}
        return {'n': f['n'], **result}
    return await asyncio.gather(*(one(f) for f in request['flows']))


async def main():
    loop = asyncio.get_running_loop()
    watch(loop)
    reader = asyncio.StreamReader(limit=1 << 24)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while True:
        line = await reader.readline()
        if not line:
            return
        request = json.loads(line)
        op = request['op']
        if op == 'sh':
            done = subprocess.run(['sh', '-s'], input=request['script'].encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            result = {'rc': done.returncode, 'out': done.stdout.decode('latin1'), 'err': done.stderr.decode('latin1')}
        elif op == 'listen':
            for s in servers:
                loop.remove_reader(s)
                s.close()
            servers.clear()
            result = {'failed': [x for x in (listen(loop, spec) for spec in request['sockets']) if x]}
        elif op == 'flows':
            result = {'results': await run_flows(loop, request)}
        elif op == 'seen':
            await asyncio.sleep(0)
            result = {'seen': list(seen)}
            seen.clear()
        else:
            result = {'failed': ['no such operation']}
        print(json.dumps(result), flush=True)


asyncio.run(main())
