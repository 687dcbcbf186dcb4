/** What settings are called where they are compared: by what tells them apart. */
import { type RunSpec, settingOf } from '../run/runSpec';

/**
 * A label for each setting, by its name `<task>__<algorithm>__<id>`: the algorithm, with the task, the preset and what
 * is set where they differ: "grpo clipRange=0.1". All labels differ; where nothing else tells two apart, the id does.
 * @param specs one of each setting
 */
export function settingLabels(specs: readonly RunSpec[]): ReadonlyMap<string, string> {
  const differs = (partOf: (spec: RunSpec) => unknown) =>
    new Set(specs.map((spec) => JSON.stringify(partOf(spec)))).size > 1;
  const [tasks, presets] = [differs(({ task }) => task), differs(({ preset }) => preset)];
  const names = [...new Set(specs.flatMap(({ set }) => Object.keys(set)))];
  const set = names.filter((name) => differs((spec) => spec.set[name]));

  const labels = specs.map((spec) => {
    const values = set
      .filter((name) => spec.set[name] !== undefined)
      .map((name) => `${name}=${textOf(spec.set[name])}`);
    const parts = [tasks && spec.task, spec.algorithm, presets && spec.preset, ...values];
    return parts.filter(Boolean).join(' ');
  });
  return new Map(
    specs.map((spec, i) => {
      const label = labels[i]!;
      const isAlone = labels.indexOf(label) === labels.lastIndexOf(label);
      return [settingOf(spec), isAlone ? label : `${label} ${spec.id}`];
    }),
  );
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
