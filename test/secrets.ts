/** A secret as it stands in what people collect: its lines, and what of them nobody may find again. */
export interface Secret {
  readonly name: string;
  readonly lines: readonly string[];
  readonly secrets: readonly string[];
}

const of = (name: string, text: string, ...secrets: string[]): Secret => ({ name, lines: text.split('\n'), secrets });

const PEM_BODY = [
  'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj',
  'MzEfYyjiWA4R4mFhJ1k0lA9xzV8qf2bqW3nF0tHs5dGmYp1uQk7rCvX6eZoNwLaT',
  'aR9sQw==',
] as const;

export const SECRETS: readonly Secret[] = [
  of(
    'xfrm state',
    'src 192.0.2.71 dst 192.0.2.72\n\tproto esp spi 0x00000201 reqid 1 mode tunnel\n\tauth-trunc hmac(sha1) 0x9f1c27d4ab3e5f6089124c7de0b5a3f81726354d 96\n\tenc cbc(aes) 0x51e2d3c4b5a697887766554433221100',
    '9f1c27d4ab3e5f6089124c7de0b5a3f81726354d',
    '51e2d3c4b5a697887766554433221100',
  ),
  of('xfrm DES, 16 digits', '\tenc cbc(des) 0x5ec7e75ec7e7abcd', '5ec7e75ec7e7abcd'),
  of('xfrm DES, 14 digits', '\tenc des 0x4bc3d92ea17f06', '4bc3d92ea17f06'),
  of('xfrm DES, digits alone', '\tenc cbc(des) 0x8315729460358172', '8315729460358172'),
  of(
    'xfrm without 0x',
    '\tenc cbc(des3_ede) b7a9e1d34c2f60857a1be4d92c03f5687d6ea140b39c8f25',
    'b7a9e1d34c2f60857a1be4d92c03f5687d6ea140b39c8f25',
  ),
  of(
    'xfrm aead',
    '\taead rfc4106(gcm(aes)) 0x4d7e2c1ba09f8e7d6c5b4a39281706f5e4d3c2b1 128',
    '4d7e2c1ba09f8e7d6c5b4a39281706f5e4d3c2b1',
  ),
  of('xfrm with bits', '\tauth hmac(md5) 0xc8f13b7d2e905a46c8f13b7d2e905a46 (128 bits)', 'c8f13b7d2e905a46'),
  of(
    'xfrm in one line',
    'src 192.0.2.71 dst 192.0.2.72\\\tproto esp spi 0x00000201 reqid 1 mode tunnel\\\tenc cbc(aes) 0x3a5c7e901b2d4f6183a5c7e9f0b1d2e3\\\tsel src 0.0.0.0/0 dst 0.0.0.0/0',
    '3a5c7e901b2d4f6183a5c7e9f0b1d2e3',
  ),
  of(
    'xfrm broken by a terminal',
    '\tauth-trunc hmac(sha256) 0x6f0e1d2c3b4a5968778695a4\nb3c2d1e0ff8e9dac 128',
    '6f0e1d2c3b4a5968778695a4',
    'b3c2d1e0ff8e9dac',
  ),
  of(
    'setkey -D',
    '192.0.2.71 192.0.2.72 \n\tesp mode=tunnel spi=513(0x00000201) reqid=1(0x00000001)\n\tE: 3des-cbc  cccc3333 1a2b4455 cccd3335 cccc3733 c9cc3333 8ccc3333\n\tA: hmac-sha1  dddd4444 2b3c5566 dddd4424 dd7d4444\n\t 9d5d4444',
    'cccc3333',
    '1a2b4455',
    'c9cc3333',
    'dddd4444',
    '2b3c5566',
    '9d5d4444',
  ),
  of(
    'ipsec.secrets',
    '192.0.2.71 192.0.2.72 : PSK "eeee5555-mypsk"\n: RSA moonKey.pem "tr0ub4dor-3"\ncarol : EAP "4iChxLT3"\n: PSK 0sQmFzZTY0U2VjcmV0S2V5',
    'eeee5555',
    'mypsk',
    'tr0ub4dor',
    '4iChxLT3',
    'QmFzZTY0',
  ),
  of(
    'ipsec.secrets, RSA in place',
    ': RSA\t{\n\tModulus: 0xd7c1b09f8e7d6c5b4a392817\n\tPrivateExponent: 0x2fa4c6e80b1d3f51\n\tPrime1: 0x71c3e5a7\n\t}',
    '2fa4c6e80b1d3f51',
    '71c3e5a7',
  ),
  of(
    'swanctl.conf',
    'secrets {\n  ike-1 {\n    id = gw-a\n    secret = "zw0lf-kleine-Geister"\n  }\n  private-x {\n    passphrase = ph0enix-rises\n  }\n}',
    'zw0lf',
    'Geister',
    'ph0enix',
  ),
  of(
    'wg show',
    'interface: wg0\n  public key: /TOE4TKtAqVsePRVR+5AA43HkAK5DSntkOCO7nYq5xU=\n  private key: QGk3mZr7Vt1XcYp9LwBf2HsJd8NaEo4uKiSgRvTxWzM=\npeer: fE/wdxzl0klVp/IR8UcaoGUMjqaWi3jAd7KzHKFS6Ds=\n  preshared key: M7nUe4QpKd0YvZt2LbXc8RwJf5HgSa1oIiNxTqEyVrA=',
    'QGk3mZr7Vt1X',
    'M7nUe4QpKd0Y',
  ),
  of(
    'wg showconf',
    '[Interface]\nListenPort = 51820\nPrivateKey = cB6sLkYq1mWfZx8VtDj3RnGh5PoAe0uKiHgTvXwNzQE=\n[Peer]\nPublicKey = fE/wdxzl0klVp/IR8UcaoGUMjqaWi3jAd7KzHKFS6Ds=\nPresharedKey = oJ4dRb7XyQ2mVk9LwZc1HsUf6NaTe8pKgIiBvSxWzDE=',
    'cB6sLkYq1mWf',
    'oJ4dRb7XyQ2m',
  ),
  of(
    'wg show dump',
    'wg0\taN3vQp8KtLw5ZxYc2RbHf7JdGm1SoEe9uIiTgVrXzWM=\t/TOE4TKtAqVsePRVR+5AA43HkAK5DSntkOCO7nYq5xU=\t51820\toff',
    'aN3vQp8KtLw5',
  ),
  of(
    'Kubernetes Secret, YAML',
    'apiVersion: v1\ndata:\n  password: cGhvZW5peDEy\n  short: aG9yc2U=\n  block: |\n    Y29ycmVjdGhv\n  username: YWRtaW5pc3Q=\nkind: Secret\nmetadata:\n  name: db',
    'cGhvZW5peDEy',
    'aG9yc2U',
    'Y29ycmVjdGhv',
    'YWRtaW5pc3Q',
  ),
  of(
    'Kubernetes Secret, stringData',
    'kind: Secret\nstringData:\n  word: battery\n  phrase: correcthorse',
    'battery',
    'correcthorse',
  ),
  of(
    'Kubernetes Secret, JSON',
    '{\n    "apiVersion": "v1",\n    "data": {\n        "plain": "c3RhcGxl",\n        "tls.key": "LS0tLS1CRUdJTiBQUklW"\n    },\n    "kind": "Secret"\n}',
    'c3RhcGxl',
    'LS0tLS1CRUdJTiBQUklW',
  ),
  of(
    'Kubernetes Secret, JSON in one line',
    '{"apiVersion":"v1","data":{"plain":"c3RhcGxlYmF0","more":"dGVyeWhvcnNl"},"kind":"Secret"}',
    'c3RhcGxlYmF0',
    'dGVyeWhvcnNl',
  ),
  of(
    'Kubernetes Secret, in an annotation',
    '      {"apiVersion":"v1","kind":"Secret","stringData":{"plain":"umbrella77"}}',
    'umbrella77',
  ),
  of(
    'Kubernetes Secret, in an annotation of JSON',
    '  "kubectl.kubernetes.io/last-applied-configuration": "{\\"data\\":{\\"plain\\":\\"dW1icmVsbGE3\\"},\\"kind\\":\\"Secret\\"}"',
    'dW1icmVsbGE3',
  ),
  of(
    "a container's variable",
    '    - name: DB_PASSWORD\n      value: quixotic9\n    - name: API_TOKEN\n      value: "zephyr-42"',
    'quixotic9',
    'zephyr-42',
  ),
  of(
    'kubeconfig',
    'users:\n- name: admin\n  user:\n    client-key-data: LS0tLS1CRUdJTiBSU0EgUFJJVkFURQ==\n    token: k9fq2xw7',
    'LS0tLS1CRUdJTiBSU0EgUFJJVkFURQ',
    'k9fq2xw7',
  ),
  of(
    'JWT',
    'eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg',
    'eyJhbGciOiJS',
    'eyJpc3MiOiJr',
    'c2lnbmF0dXJl',
  ),
  of(
    'PEM',
    `-----BEGIN PRIVATE KEY-----\n${PEM_BODY.join('\n')}\n-----END PRIVATE KEY-----`,
    ...PEM_BODY.map((line) => line.slice(0, 6)),
  ),
  of(
    'PEM, encrypted and indented',
    `    -----BEGIN RSA PRIVATE KEY-----\n    Proc-Type: 4,ENCRYPTED\n\n    ${PEM_BODY[1]}\n    aR9sQw==\n    -----END RSA PRIVATE KEY-----`,
    PEM_BODY[1].slice(0, 8),
    'aR9sQw',
  ),
  of(
    'PEM in one line',
    `key -----BEGIN PRIVATE KEY-----\\n${PEM_BODY.join('\\n')}\\n-----END PRIVATE KEY-----\\n`,
    ...PEM_BODY.map((line) => line.slice(0, 6)),
  ),
  of(
    'shadow',
    'root:$6$Zf3kQ1xW$9vYp2LrT8nBcXs4HgJm7KdEw5AuQzRoViNtMfPb1yCxGhSj6:19700:0:99999:7:::\nadm:aZ3kLp9QwErTy:19700:0:99999:7:::',
    'Zf3kQ1xW',
    '9vYp2LrT',
    'aZ3kLp9QwErTy',
  ),
  of(
    'cloud keys',
    'aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\nLTAI5tQnKxRbWmYzVpHs8dFg\nAccountKey=Qm9vdHN0cmFwS2V5MTIzNDU2Nzg5MA==;EndpointSuffix=x',
    'AKIAIOSF',
    'wJalrXUt',
    'LTAI5tQn',
    'Qm9vdHN0',
  ),
  of(
    'a URL',
    'fetching https://deploy:s0lar-flare@registry.example.com/v2/ (proxy http://u:p4ssage@10.0.0.9:3128)',
    's0lar-flare',
    'p4ssage',
  ),
  of(
    'words',
    'password=lantern42 next\ntoken=marigold77&x=1\nPASSWD: velvet-88\nREDIS_PASSWORD="two words 99"\n"clientSecret": "ochre-66",\npassword: correct horse battery',
    'lantern42',
    'marigold77',
    'velvet-88',
    'two words 99',
    'ochre-66',
    'correct horse',
  ),
  of(
    'options',
    'mysql --user root --password tangerine5 -h db\nkubeadm join 10.0.0.1:6443 --token pelican3.cobalt7tango9xyz',
    'tangerine5',
    'pelican3',
  ),
  of(
    'HTTP',
    '> Authorization: Bearer violet33indigo44\n> Proxy-Authorization: Basic dXNlcjpwYXNz\n> Cookie: session=amber55jade66',
    'violet33',
    'dXNlcjpw',
    'amber55',
  ),
];

/** Text that looks like one and is none: it stays. */
export const NO_SECRETS: readonly string[] = [
  '    link/ether 52:54:00:12:34:56 brd ff:ff:ff:ff:ff:ff link-netns cni-3f2504e0-4f89-11d3-9a0c-0305e82c3301',
  '    inet6 2001:db8:1111:2222:3333:4444:5555:6666/64 scope global',
  '\tproto esp spi 0x0b51e202(189915650) reqid 16389(0x00004005) mode tunnel',
  '\tmark 0xe00/0xf00 output-mark 0xdead0001/0xffffffff if_id 0x2a',
  '\tlevel required share any \tenc-mask ffffffff auth-mask ffffffff comp-mask ffffffff',
  '-A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -j KUBE-SVC-TCOU7JCQXEZGVUNU',
  '-A cali-PREROUTING -m comment --comment "cali:6gwbT8clXdHdC1b1" -j cali-tw-cali12ab34cd56e',
  '-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000',
  'peer: fE/wdxzl0klVp/IR8UcaoGUMjqaWi3jAd7KzHKFS6Ds=',
  '  public key: /TOE4TKtAqVsePRVR+5AA43HkAK5DSntkOCO7nYq5xU=',
  'PublicKey = fE/wdxzl0klVp/IR8UcaoGUMjqaWi3jAd7KzHKFS6Ds=',
  'net.ipv4.tcp_fastopen_key = 00000000-00000000-00000000-00000000',
  'kernel.random.boot_id = 3f2504e0-4f89-11d3-9a0c-0305e82c3301',
  'tcp      6 86399 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=35768 dport=443 src=10.0.0.2 dst=10.0.0.1 sport=443 dport=35768 [ASSURED] mark=0x4000 use=1',
  '\t\tnumgen random mod 2 vmap { 0 : goto endpoint-5OAE7ETP-default/web/tcp/__10.0.2.5/8080 }',
];
