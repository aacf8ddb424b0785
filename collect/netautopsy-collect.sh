#!/bin/sh
# Collects one node's network state into one archive for netautopsy: the text of the ordinary tools, for the host and for every
# pod's network namespace. Read-only: no command here changes anything. Keys of IPsec and WireGuard are left out at the source.
#
# usage: netautopsy-collect.sh [-o FILE.tgz | -o -] [--node NAME] [--timeout SECONDS] [--no-pods] [--pods-max N]
#                              [--capture SECONDS [--filter EXPR]]
set -u
export LC_ALL=C WG_HIDE_KEYS=always PATH="${PATH:-}:/usr/sbin:/sbin:/usr/local/sbin"
umask 077

node=$(hostname 2>/dev/null || cat /proc/sys/kernel/hostname)
out=
limit=20
pods=yes
pods_max=250
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

# Keys never reach the archive, whatever the tool printed.
without_keys() { sed 's/0x[0-9a-fA-F]\{17,\}/<<Keys hidden>>/g'; }

# inside: how to run a command in the namespace that is being collected; empty for the host's own.
inside=
# run FILE COMMAND...: the command's output, or its complaint where it printed nothing else.
run() {
  file=$1
  shift
  if ! has "$1"; then
    echo "sh: $1: command not found" >"$dir/$file"
    return
  fi
  # shellcheck disable=SC2086 # inside is a list of words
  bounded $inside "$@" >"$dir/$file" 2>"$work/complaint" </dev/null
  code=$?
  [ -s "$dir/$file" ] || cat "$work/complaint" >"$dir/$file"
  [ "$code" != 124 ] || echo "timeout: $1: no end after $limit s, cut here" >>"$dir/$file"
  [ -s "$dir/$file" ] || rm -f "$dir/$file"
}
# proc FILE PATH: a file of the kernel's, as the namespace sees it.
proc() { run "$1" cat "$2"; }

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
  run ss_-antp.txt ss -antp
  run ss_-anup.txt ss -anup
  run nstat_-az.txt env NSTAT_HISTORY="$work/nstat" nstat -az
  proc proc_net_netstat.txt /proc/net/netstat
  proc proc_net_snmp.txt /proc/net/snmp
  proc rt_cache.txt /proc/net/stat/rt_cache
  if has sysctl; then run sysctl_-a.txt sysctl -a; fi
  [ ! -s "$dir/sysctl_-a.txt" ] || { grep '^net\.' "$dir/sysctl_-a.txt" >"$work/net" && mv "$work/net" "$dir/sysctl_-a.txt"; }
  run iptables-save.txt iptables-save -c
  run ip6tables-save.txt ip6tables-save -c
  # Both backends, where the host has both: rules in the one that nobody looks at are a cause of their own.
  for backend in legacy nft; do
    for family in iptables ip6tables; do
      ! has $family-$backend-save || run $family-$backend-save.txt $family-$backend-save -c
    done
  done
  run nft_list_ruleset.txt nft list ruleset
  run ipset_list.txt ipset list
  run ipvsadm_-Ln.txt ipvsadm -Ln
  run ipvsadm_-Ln_--stats.txt ipvsadm -Ln --stats
  run ipvsadm_-Lnc.txt ipvsadm -Lnc
  run ipvsadm_-l_--timeout.txt ipvsadm -l --timeout
  run conntrack_-L.txt conntrack -L -o extended
  run conntrack_-L_-f_ipv6.txt conntrack -L -f ipv6 -o extended
  run conntrack_-S.txt conntrack -S
  if [ ! -s "$dir/conntrack_-L.txt" ] || grep -q 'command not found' "$dir/conntrack_-L.txt"; then
    proc nf_conntrack.txt /proc/net/nf_conntrack
  fi
  run ip_xfrm_state.txt ip -s xfrm state
  [ ! -s "$dir/ip_xfrm_state.txt" ] || { without_keys <"$dir/ip_xfrm_state.txt" >"$work/nokeys" && mv "$work/nokeys" "$dir/ip_xfrm_state.txt"; }
  run ip_xfrm_policy.txt ip -s xfrm policy
  run ip_xfrm_policy_getdefault.txt ip xfrm policy getdefault
  proc xfrm_stat.txt /proc/net/xfrm_stat
  run wg_show.txt wg show
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
run dmesg.txt dmesg

inode() { stat -L -c %i "$1" 2>/dev/null; }

# A pod's namespace is found by a process in it; its name is the one that `ip netns` knows, else the pod's own hostname.
pod_namespaces() {
  seen=" $(inode /proc/self/ns/net) $(inode /proc/1/ns/net) "
  count=0
  for net in /var/run/netns/* /proc/[0-9]*/ns/net; do
    [ -e "$net" ] || continue
    id=$(inode "$net") || continue
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
  done
  inside=
}
if [ "$pods" = yes ]; then
  if has nsenter; then pod_namespaces; else echo "netautopsy-collect: no nsenter here, pods are left out" >&2; fi
fi

if [ "$out" = - ]; then tar -C "$work" -cf - "$node" | gzip -c
else
  tar -C "$work" -cf - "$node" | gzip -c >"$out" || fail "cannot write $out"
  echo "$out" >&2
fi
