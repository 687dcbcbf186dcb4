/** What settings are called where they are compared: by what tells them apart. */
import { groupBy } from '../../math/groupBy';
import { type RunSpec, settingOf } from '../run/runSpec';

/**
 * A label for each setting, by its name `<task>__<algorithm>__<id>`: the algorithm, with the task and the preset where
 * they differ, and what is set where settings of one algorithm differ: "grpo clipRange=0.1". All labels differ; where
 * nothing else tells two apart, the id does.
 * @param specs one of each setting
 */
export function settingLabels(specs: readonly RunSpec[]): ReadonlyMap<string, string> {
  const differs = (partOf: (spec: RunSpec) => unknown, among = specs) =>
    new Set(among.map((spec) => JSON.stringify(partOf(spec)))).size > 1;
  const [tasks, presets] = [differs(({ task }) => task), differs(({ preset }) => preset)];
  const names = [...new Set(specs.flatMap(({ set }) => Object.keys(set)))];
  const ofEachAlgorithm = [...groupBy(specs, ({ algorithm }) => algorithm).values()];
  const set = names.filter((name) =>
    ofEachAlgorithm.some((those) => differs((spec) => spec.set[name], those)),
  );

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
