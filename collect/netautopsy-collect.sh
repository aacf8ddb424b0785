#!/bin/sh
# Collects one node's network state into one archive for netautopsy: the text of the ordinary tools, for the host and for every
# pod's network namespace. Read-only: no command here changes anything. Keys of IPsec and WireGuard are left out at the source.
#
# usage: netautopsy-collect.sh [-o FILE.tgz | -o -] [--node NAME] [--timeout SECONDS] [--no-pods] [--pods-max N]
#                              [--jobs N] [--capture SECONDS [--filter EXPR]]
set -u
export LC_ALL=C WG_HIDE_KEYS=always PATH="${PATH:-}:/usr/sbin:/sbin:/usr/local/sbin"
umask 077

node=$(hostname 2>/dev/null || cat /proc/sys/kernel/hostname)
out=
limit=20
pods=yes
pods_max=250
jobs=
capture=0
filter=

usage() { sed -n '2,6s/^# \{0,1\}//p' "$0" 2>/dev/null || echo "usage: netautopsy-collect.sh [-o FILE.tgz]"; }
fail() { echo "netautopsy-collect: $*" >&2; exit 2; }
value() { if [ $# -lt 2 ] || [ -z "$2" ]; then fail "$1 needs a value"; fi; }
number() { case $2 in '' | *[!0-9]*) fail "$1 needs a number, not '$2'" ;; esac; }

while [ $# -gt 0 ]; do
  case $1 in
    -o | --output) value "$@"; out=$2; shift 2 ;;
    --node) value "$@"; node=$2; shift 2 ;;
    --timeout) value "$@"; number "$1" "$2"; limit=$2; shift 2 ;;
    --no-pods) pods=no; shift ;;
    --pods-max) value "$@"; number "$1" "$2"; pods_max=$2; shift 2 ;;
    --jobs) value "$@"; number "$1" "$2"; jobs=$2; shift 2 ;;
    --capture) value "$@"; number "$1" "$2"; capture=$2; shift 2 ;;
    --filter) value "$@"; filter=$2; shift 2 ;;
    -h | --help) usage; exit 0 ;;
    *) fail "unknown option $1" ;;
  esac
done
# A name that is safe as a folder.
node=$(printf %s "$node" | tr -c 'A-Za-z0-9._-' '_')
[ -n "$node" ] || node=node
[ -n "$out" ] || out=$node.tgz

work=$(mktemp -d 2>/dev/null) || fail "cannot make a temporary folder"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
dir=$work/$node
mkdir -p "$dir" || fail "cannot write to $work"
[ "$(id -u)" = 0 ] || echo "netautopsy-collect: not root: most of the state cannot be read" >&2

has() { command -v "$1" >/dev/null 2>&1; }
# A time limit per command, in GNU's and in old busybox' way of saying it.
if has timeout && timeout 1 true 2>/dev/null; then bounded() { timeout "$limit" "$@"; }
elif has timeout && timeout -t 1 true 2>/dev/null; then bounded() { timeout -t "$limit" "$@"; }
else bounded() { "$@"; }; fi

# Keys never reach the archive, whatever the tool printed: of algorithms at any length (DES has 16 digits), elsewhere what is too long for a mark or an SPI.
without_keys() {
  sed -e 's/0x[0-9a-fA-F]\{17,\}/<<Keys hidden>>/g' \
    -e 's/^\([[:space:]]*auth[[:space:]].*[[:space:]]\)0x[0-9a-fA-F]*/\1<<Keys hidden>>/' \
    -e 's/^\([[:space:]]*auth-trunc[[:space:]].*[[:space:]]\)0x[0-9a-fA-F]*/\1<<Keys hidden>>/' \
    -e 's/^\([[:space:]]*enc[[:space:]].*[[:space:]]\)0x[0-9a-fA-F]*/\1<<Keys hidden>>/' \
    -e 's/^\([[:space:]]*aead[[:space:]].*[[:space:]]\)0x[0-9a-fA-F]*/\1<<Keys hidden>>/'
}

# Commands run side by side, as many at once as the machine has processors for.
case $jobs in
  '' | 0)
    jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
    case $jobs in '' | *[!0-9]*) jobs=2 ;; esac
    jobs=$((jobs * 2))
    [ "$jobs" -le 8 ] || jobs=8
    ;;
esac
running=0
finish() { wait; running=0; }
beside() {
  [ "$running" -lt "$jobs" ] || finish
  "$@" &
  running=$((running + 1))
}

# inside: how to run a command in the namespace that is being collected; empty for the host's own.
inside=
# An empty output of these tells that there is none of it. One family's or one backend's does not speak for the other.
tells_when_empty() {
  case $1 in *_-6_* | ip6tables* | *-legacy-save.txt | *-nft-save.txt | *_-f_ipv6* | *getdefault* | *--stats* | *--timeout*) return 1 ;; esac
  case $1 in iptables* | nft_* | ipset_* | ip_* | bridge_* | ipvsadm_* | conntrack_* | nf_conntrack* | wg_* | tc_*) [ "$(id -u)" = 0 ] ;; *) return 1 ;; esac
}
# output FILE FILTER COMMAND...: the command's output, or its complaint where it printed nothing else.
output() {
  file=$1
  filtered=$2
  shift 2
  # shellcheck disable=SC2086 # inside is a list of words
  { bounded $inside "$@" 2>"$dir/$file.complaint" </dev/null; echo $? >"$dir/$file.status"; } | "$filtered" >"$dir/$file"
  read -r code <"$dir/$file.status"
  [ -s "$dir/$file" ] || cat "$dir/$file.complaint" >"$dir/$file"
  # 124 is GNU's, 143 busybox' way to say that the time was over.
  case $code in 124 | 143) echo "timeout: $1: no end after $limit s, cut here" >>"$dir/$file" ;; esac
  if [ ! -s "$dir/$file" ]; then
    if [ "$code" = 0 ] && tells_when_empty "$file"; then
      echo "-- netautopsy-collect: $* printed nothing, exit status 0" >"$dir/$file"
    else
      rm -f "$dir/$file"
    fi
  fi
  rm -f "$dir/$file.complaint" "$dir/$file.status"
}
# filtered FILE FILTER COMMAND..., run FILE COMMAND...: the same beside others.
filtered() {
  if has "$3"; then beside output "$@"; else echo "sh: $3: command not found" >"$dir/$1"; fi
}
run() {
  file=$1
  shift
  filtered "$file" cat "$@"
}
# proc FILE PATH: a file of the kernel's, as the namespace sees it.
proc() { run "$1" cat "$2"; }
only_net() { grep '^net\.'; }
# The table by the tool, or by the kernel's file where there is no tool.
connections() {
  if has conntrack; then output conntrack_-L.txt cat conntrack -L -o extended
  else
    echo "sh: conntrack: command not found" >"$dir/conntrack_-L.txt"
    output nf_conntrack.txt cat cat /proc/net/nf_conntrack
  fi
}

state_of_namespace() {
  run ip_-d_addr.txt ip -d addr
  run ip_-s_-s_-d_link.txt ip -s -s -d link
  run ip_route_show_table_all.txt ip -4 route show table all
  run ip_-6_route_show_table_all.txt ip -6 route show table all
  run ip_rule.txt ip rule
  run ip_-6_rule.txt ip -6 rule
  run ip_neigh.txt ip neigh
  run bridge_fdb_show.txt bridge fdb show
  run bridge_-d_link.txt bridge -d link
  run bridge_vlan_show.txt bridge vlan show
  run ip_nexthop.txt ip nexthop
  # Learned path MTUs and redirects: exceptions of routes, and no routes themselves.
  run pmtu_exceptions.txt ip -4 route show cache
  run pmtu_exceptions_ipv6.txt ip -6 route show cache
  run tc_-s_qdisc.txt tc -s qdisc
  run tc_-s_filter.txt tc -s filter show
  if has wg; then run wg_show.txt env WG_HIDE_KEYS=always wg show; fi
  run ss_-antp.txt ss -antp
  run ss_-anup.txt ss -anup
  run nstat_-az.txt env NSTAT_HISTORY="$dir/nstat.history" nstat -az
  proc proc_net_netstat.txt /proc/net/netstat
  proc proc_net_snmp.txt /proc/net/snmp
  proc rt_cache.txt /proc/net/stat/rt_cache
  if has sysctl; then filtered sysctl_-a.txt only_net sysctl -a; fi
  run iptables-save.txt iptables-save -c
  run ip6tables-save.txt ip6tables-save -c
  # Both backends, where the host has both: rules in the one that nobody looks at are a cause of their own.
  for backend in legacy nft; do
    for family in iptables ip6tables; do
      ! has $family-$backend-save || run $family-$backend-save.txt $family-$backend-save -c
    done
  done
  run nft_-a_list_ruleset.txt nft -a list ruleset
  run ipset_list.txt ipset list
  run ipvsadm_-Ln.txt ipvsadm -Ln
  run ipvsadm_-Ln_--stats.txt ipvsadm -Ln --stats
  run ipvsadm_-Lnc.txt ipvsadm -Lnc
  run ipvsadm_-l_--timeout.txt ipvsadm -l --timeout
  beside connections
  run conntrack_-L_-f_ipv6.txt conntrack -L -f ipv6 -o extended
  run conntrack_-S.txt conntrack -S
  filtered ip_xfrm_state.txt without_keys ip -s xfrm state
  run ip_xfrm_policy.txt ip -s xfrm policy
  run ip_xfrm_policy_getdefault.txt ip xfrm policy getdefault
  proc xfrm_stat.txt /proc/net/xfrm_stat
  run wg_show.txt wg show
}

# What only the host has: daemons that keep rules, tunnels or bridges.
state_of_host() {
  run dmesg.txt dmesg
  if has swanctl; then run swanctl_--list-sas.txt swanctl --list-sas; fi
  if has ipsec; then run ipsec_statusall.txt ipsec statusall; fi
  if has firewall-cmd; then
    run firewall-cmd_--state.txt firewall-cmd --state
    run firewall-cmd_--list-all-zones.txt firewall-cmd --list-all-zones
  fi
  if has ufw; then run ufw_status_verbose.txt ufw status verbose; fi
  if has docker; then
    run docker_ps.txt docker ps --no-trunc --format '{{.ID}} {{.Names}} {{.Ports}} {{.Networks}}'
    run docker_network_ls.txt docker network ls --no-trunc
  fi
}

date >"$dir/date"
uname -a >"$dir/uname"
echo "$node" >"$dir/hostname"

if [ "$capture" -gt 0 ]; then
  if has tcpdump; then
    mkdir -p "$dir/tcpdump"
    # shellcheck disable=SC2086 # a filter expression is a list of words
    tcpdump -l -nn -tttt -i any $filter >"$dir/tcpdump/any.txt" 2>"$work/tcpdump" &
    sniffer=$!
    sleep "$capture"
    kill -INT "$sniffer" 2>/dev/null
    wait "$sniffer" 2>/dev/null
    [ -s "$dir/tcpdump/any.txt" ] || cat "$work/tcpdump" >"$dir/tcpdump/any.txt"
  else
    echo "netautopsy-collect: no tcpdump here, nothing was captured" >&2
  fi
fi

state_of_namespace
state_of_host

inode() { stat -L -c %i "$1" 2>/dev/null; }
# Each namespace's inode and a file of it; one call for all of them.
namespaces() { stat -L -c '%i %n' /var/run/netns/* /proc/[0-9]*/ns/net 2>/dev/null; }

# A pod's namespace is found by a process in it; its name is the one that `ip netns` knows, else the pod's own hostname.
pod_namespaces() {
  seen=" $(inode /proc/self/ns/net) $(inode /proc/1/ns/net) "
  count=0
  namespaces >"$work/namespaces"
  while read -r id net; do
    case $seen in *" $id "*) continue ;; esac
    [ -n "$id" ] || continue
    seen="$seen$id "
    count=$((count + 1))
    if [ "$count" -gt "$pods_max" ]; then
      echo "netautopsy-collect: more than $pods_max namespaces; the rest is left out (--pods-max)" >&2
      return
    fi
    case $net in
      /proc/*)
        name=$(head -n 1 "${net%/ns/net}/root/etc/hostname" 2>/dev/null)
        ;;
      *) name=${net##*/} ;;
    esac
    name=$(printf %s "${name:-ns-$id}" | tr -c 'A-Za-z0-9._-' '_')
    [ ! -e "$work/$node/netns/$name" ] || name=$name-$id
    dir=$work/$node/netns/$name
    mkdir -p "$dir"
    inside="nsenter --net=$net"
    state_of_namespace
  done <"$work/namespaces"
  inside=
}
if [ "$pods" = yes ]; then
  if has nsenter; then pod_namespaces; else echo "netautopsy-collect: no nsenter here, pods are left out" >&2; fi
fi

finish
find "$work/$node" -name nstat.history -exec rm -f {} + 2>/dev/null

if [ "$out" = - ]; then tar -C "$work" -cf - "$node" | gzip -c
else
  tar -C "$work" -cf - "$node" | gzip -c >"$out" || fail "cannot write $out"
  echo "$out" >&2
fi
