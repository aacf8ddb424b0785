/**
 * Lines that a client wrote around an output and that are neither the output's nor anybody's evidence: kubectl, ssh, sudo, script, the shell's own.
 * Each is whole and from its first character on, so that no output's line is one.
 */
const BANNERS: readonly RegExp[] = [
  // Between the hits of grep with lines around them.
  /^--$/,
  /^Default(?:ed|ing) (?:debug )?container (?:name )?(?:to )?"?[\w.-]{1,253}"?(?: out of: .{1,2000}|\.)?$/,
  /^Unable to use a TTY - input is not a terminal or the right kind of file$/,
  /^If you don't see a command prompt, try pressing enter\.$/,
  /^command terminated with (?:non-zero )?exit code:? ?\d{1,3}.{0,80}$/,
  /^error: (?:Internal error occurred: )?(?:error executing command in container|unable to upgrade connection).{0,300}$/,
  /^(?:Starting pod\/|Creating debugging pod |Removing debug pod|Targeting container |Temporary namespace \S{1,80} is (?:created|removed)|To use host binaries, run `|Pod IP: |Use 'kubectl describe pod).{0,300}$/,
  /^pod "[\w.-]{1,253}" deleted.{0,60}$/,
  /^(?:kubectl|oc|Use) (?:exec \[POD\]|'?kubectl exec \[POD\]).{0,300}DEPRECATED.{0,200}$/,
  /^Warning: Permanently added .{1,300} to the list of known hosts\.$/,
  /^Pseudo-terminal will not be allocated because stdin is not a terminal\.$/,
  /^(?:Shared c|C)onnection to \S{1,255} closed\.?$/,
  /^(?:\[sudo\] )?(?:password for |Password for |[\w.-]{1,32}@[\w.-]{1,255}'s password:).{0,80}$/,
  /^\[sudo\].{0,80}$/,
  /^(?:Last login: |Last failed login: |There (?:was|were) \d{1,6} failed login).{0,200}$/,
  /^You have (?:new |no )?mail.{0,60}$/,
  /^(?:Script (?:started|done|wurde)|Skript|Script) (?:started |done |gestartet |beendet )?(?:on |am )?.{0,200}$/,
  /^(?:logout|exit|Password:|Killed|Terminated|\^C|\^D|\^Z)$/,
  /^(?:real|user|sys)\s{1,8}\d{1,6}m[\d.,]{1,10}s$/,
  /^[\d.]{1,10}user [\d.]{1,10}system .{1,80}elapsed.{0,80}$/,
  /^\d{1,6}inputs\+\d{1,6}outputs .{1,80}$/,
  /^(?:bash|sh|zsh): no job control in this shell$/,
  /^bash: cannot set terminal process group .{0,100}$/,
  /^(?:Authorized uses only\.|Unauthorized access).{0,200}$/,
  /^=+~=+~=.{0,20} PuTTY log .{0,60}$/,
  /^Every \d{1,6}[.,]\d{1,3}s: .{1,300}$/,
  /^(?:exit|rc|status|exit[_ ](?:code|status))[=: ]+\d{1,3}$/,
  /^DEPRECATED: .{0,300}$/,
  /^W\d{4} \d\d:\d\d:\d\d\.\d{6} .{1,400}$/,
];

const FIRST = /^[-A-Z[^ebklpudrs=\d]/;

export const isBanner = (text: string): boolean => {
  const line = text.trimEnd();
  return line.length >= 2 && line.length < 2400 && FIRST.test(line) && BANNERS.some((pattern) => pattern.test(line));
};

/** What collect/netautopsy-collect.sh writes where a tool was asked, did not fail and had nothing to tell: there is none. */
export const isToldEmpty = (line: string): boolean =>
  line.length < 300 && /^-- netautopsy-collect: .{1,200} printed nothing, exit status 0\s*$/.test(line);

/** What people put where they left something out; such a line is no record, and what it stands in is not whole. */
const CUT =
  /^\s*(?:\.{2,}|\u2026{1,3}|\[(?:\.{2,3}|\u2026|snip|\u7701\u7565)\.{0,3}\]|\(\.{2,3}\)|<\.{2,3}>|[-<[(*#=\s]{0,8}(?:snip|snipped|cut here|truncated|output (?:truncated|omitted|cut)|omitted|skipped|\u7701\u7565.{0,10}|\u4ee5\u4e0b\u7701\u7565)[-.>\])*#=\s]{0,8}|\*\s?\.{3}|# ?\.{3}|\/\/ ?\.{3}|\.{3} ?(?:and so on|etc\.?|more).{0,30}|etc\.?\.{0,2}|--More--.{0,20}|\(END\))\s*$/i;

export const isCut = (line: string): boolean => line.length < 80 && CUT.test(line);
