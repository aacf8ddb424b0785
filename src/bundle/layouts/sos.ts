import type { Layout } from './layout.ts';

/** sos report (2.3 to 4.12): raw outputs under sos_commands, the command mangled into the file name; long ones cut to their end and linked. */
export const SOS: Layout = {
  id: 'sos',
  markers: [/^(?<root>(?:.*?\/)?)(?:sos_commands|sos_reports|sos_logs|sos_strings)\//],
  nodes: 'one',
  root: /(?:^|\/)sosreport-(?<name>[^/]+?)(?:-obfuscated)?(?:-(?<time>\d{4}-\d\d-\d\d)-[a-z]{7}|[-.]\d{14})[^/]*\/$/,
  entries: [
    { layout: 'sos', pattern: /(?:^|\/)sos_strings\/[^/]+\/proc\.net\.nf_conntrack$/, kind: 'conntrack' },
    { layout: 'sos', pattern: /(?:^|\/)sos_strings\/[^/]+\/proc\.net\.stat\.nf_conntrack$/, kind: 'conntrack-stats' },
    { layout: 'sos', pattern: /(?:^|\/)sos_commands\/networking\/netstat_-W_-agn$/, kind: 'skip' },
    {
      layout: 'sos',
      pattern:
        /(?:^|\/)sos_commands\/(?:kubernetes|openshift)\/.*_get_[^/]{0,200}(?:services|endpoints|endpointslices|pods|nodes)$/,
      kind: 'kubectl',
    },
    {
      layout: 'sos',
      pattern:
        /(?:^|\/)sos_commands\/(?:networking|conntrack|firewall_tables)\/(?:namespaces\/(?<namespace>[^/]+)\/)[^/]+$/,
      kind: 'named',
    },
    {
      layout: 'sos',
      pattern:
        /(?:^|\/)sos_commands\/(?:networking|conntrack|firewall_tables|ipvs|libreswan|openvswitch|kernel|host|general|date)\/[^/]+$/,
      kind: 'named',
    },
    { layout: 'sos', pattern: /(?:^|\/)sos_commands\/systemd\/timedatectl(?:_status)?$/, kind: 'date' },
    {
      layout: 'sos',
      pattern: /(?:^|\/)sos_strings\/(?:networking|conntrack|firewall_tables|ipvs|libreswan|kernel)\/[^/]+$/,
      kind: 'named',
    },
    { layout: 'sos', pattern: /^sos_reports\/manifest\.json$/, kind: 'clock' },
    { layout: 'sos', pattern: /(?:^|\/)(?:sos_commands|sos_strings|sos_reports|sos_logs)\//, kind: 'skip' },
    { layout: 'sos', pattern: /(?:^|\/)proc\/(?:(?:self|\d{1,10})\/)?net\//, kind: 'named' },
    { layout: 'sos', pattern: /(?:^|\/)proc\/sys\/kernel\/hostname$/, kind: 'hostname' },
    { layout: 'sos', pattern: /(?:^|\/)(?:etc|usr|lib|lib64|sys|boot|run|opt|var|home|root|proc|dev)\//, kind: 'skip' },
  ],
};
