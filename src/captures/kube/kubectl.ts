import { parse } from '#grammars/kubectl';
import { usualMask } from '../masking/masked-lines.ts';
import { type CaptureInput, type CaptureModule, type CaptureReader, grammarReader } from '../module.ts';
import { type KubeDocuments, readKubeJson, readKubeYaml } from './kube-documents.ts';
import { KubeSink } from './kube-sink.ts';

type Form = 'table' | 'json' | 'yaml';

/** Lines that kubectl and client-go write before the output. */
const PREAMBLE = /^(?:Warning: |[WEI]\d{4} |---\s*$|#|\s*$)/;

/** Told by the first line that is output; undefined where the slice holds none. */
const formOf = (slice: string): Form | undefined => {
  const line = slice.split('\n').find((text) => !PREAMBLE.test(text));
  if (line === undefined) return undefined;
  // An empty list of Go's is null in JSON.
  if (/^\s*(?:[[{]|null\s*$)/.test(line)) return 'json';
  return /^(?:- )?(?:apiVersion|kind|items|metadata|spec|status|subsets|endpoints|addressType|ports|data):(?:\s|$)/.test(
    line,
  )
    ? 'yaml'
    : 'table';
};

/** Documents are read whole: their text is kept until the end. */
const finishDocuments = (sink: KubeSink, form: 'json' | 'yaml', source: string): KubeDocuments['broken'] => {
  const first = sink.line;
  sink.see(source);
  // client-go's warnings are no part of the document; their lines stay, so that line numbers hold.
  const document = source.replace(/^(?:Warning: |[WEI]\d{4} )[^\n]*/gm, '');
  const { objects, broken }: KubeDocuments =
    form === 'json' ? readKubeJson(document, first) : readKubeYaml(document, first);
  for (const item of objects) sink.object(item);
  for (const { line, text } of broken) {
    sink.line = line;
    sink.raw(text);
  }
  sink.line = first + source.split('\n').length - (source.endsWith('\n') ? 1 : 0);
  return broken;
};

const reader = (input: CaptureInput): CaptureReader => {
  const sink = new KubeSink(input);
  const table = grammarReader(input, sink, parse, () => sink.finish());
  const slices: string[] = [];
  let form: Form | undefined;
  return {
    read(slice) {
      form ??= formOf(slice);
      if (form === 'table') {
        for (const kept of slices.splice(0)) table.read(kept);
        table.read(slice);
      } else slices.push(slice);
    },
    end() {
      if (form === 'table' || form === undefined) {
        for (const kept of slices) table.read(kept);
        return table.end();
      }
      const broken = finishDocuments(sink, form, slices.join(''));
      const capture = table.end();
      // The tables' grammar has nothing to say about a broken document; its own parser has.
      const unreadLines = capture.unreadLines.map(({ source, text }) => {
        const reason = broken.find(({ line }) => line === source.line)?.reason;
        return { source, text, ...(reason === undefined ? {} : { expected: reason.slice(0, 300) }) };
      });
      return { ...capture, unreadLines };
    },
  };
};

/** `kubectl get` of services, endpoints, endpointslices, pods and nodes as YAML, JSON or table; other resources are recognised and ignored. */
export const kubectl: CaptureModule = {
  programs: 'kubectl oc crictl',
  precedence: 20,
  mask: usualMask,
  formats: [
    {
      kind: 'kubectl',
      words: [
        { words: 'kubectl|oc|crictl get|describe' },
        { words: 'kubectl cluster info dump' },
        { words: 'services|svc|endpoints|endpointslices|endpointslice|pods|nodes', common: true },
        {
          words:
            'get|describe svc|services|service|endpoints|ep|endpointslices|endpointslice|pods|pod|po|nodes|node|all',
        },
      ],
      nameDecides: 'always',
      scope: 'cluster',
      collect: 'kubectl get svc,endpointslices,pods,nodes -A -o yaml',
    },
  ],
  open: reader,
  sniff: (head) =>
    /^(?:- )?apiVersion: \S+$/m.test(head) ||
    /^\s*\{\s*"(?:apiVersion|kind|items|metadata)"\s*:/.test(head) ||
    /^(?:NAMESPACE\s+)?NAME\s+(?:TYPE\s+CLUSTER-IP|CLUSTER-IP|ENDPOINTS|STATUS\s+(?:ROLES|AGE)|READY\s+STATUS|ADDRESSTYPE)/m.test(
      head,
    )
      ? 'kubectl'
      : undefined,
};
