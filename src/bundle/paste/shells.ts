/** Where a shell that a command begins is: what is typed after it is typed there, until it ends. */
export interface Entered {
  readonly node?: string;
  readonly namespace?: string;
}

const SHELL = '(?:/\\S{1,60}/)?(?:ba|z|a|da|k)?sh(?: -\\w{1,5}| --login)?';
const LEAD = '(?:sudo(?: -\\w+)? +)?';
const FORMS: readonly { readonly pattern: RegExp; readonly what: 'node' | 'namespace' }[] = [
  {
    pattern: new RegExp(
      `^${LEAD}(?:kubectl|oc|k|k3s kubectl|microk8s kubectl) +[^|;]{0,120}?\\bexec +(?:-\\S+ +){0,6}(?:pods?/)?(?<place>[a-z0-9][\\w.-]{0,252})[^|;]{0,80}? +(?:-- +)?${SHELL}$`,
    ),
    what: 'namespace',
  },
  { pattern: new RegExp(`^${LEAD}(?:kubectl|oc) +debug +[^|;]{0,120}?nodes?/(?<place>\\S{1,253})`), what: 'node' },
  {
    pattern: new RegExp(
      `^${LEAD}(?:docker|podman|nerdctl|crictl)(?:[ -]compose)? +exec +(?:-\\S+ +){0,4}(?<place>[\\w.-]{1,128}) +${SHELL}$`,
    ),
    what: 'namespace',
  },
  { pattern: new RegExp(`^${LEAD}ip +netns +exec +(?<place>\\S{1,128}) +${SHELL}$`), what: 'namespace' },
  {
    pattern: new RegExp(
      `^${LEAD}nsenter +[^|;]{0,120}?(?:--net=\\S*/|-t *|--target[= ])(?<place>[\\w.-]{1,128})(?: +-\\S+){0,6}(?: +${SHELL})?$`,
    ),
    what: 'namespace',
  },
  { pattern: /^ssh +(?:-\S+ +){0,4}(?:[^@\s]{1,64}@)?(?<place>[A-Za-z0-9][\w.-]{0,253})$/, what: 'node' },
  {
    pattern:
      /^(?:vagrant +ssh|multipass +shell|lxc-attach +-n|incus +shell|lxc +shell) +(?<place>[A-Za-z0-9][\w.-]{0,253})$/,
    what: 'node',
  },
];

export const enteredBy = (typed: string): Entered | undefined => {
  const text = typed.slice(0, 600);
  for (const { pattern, what } of FORMS) {
    const place = pattern.exec(text)?.groups?.place;
    if (place !== undefined) return what === 'node' ? { node: place } : { namespace: place };
  }
  return undefined;
};

export const leaves = (typed: string): boolean => /^(?:exit|logout|\^D)(?: \d+)?$/.test(typed);
