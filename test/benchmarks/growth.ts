/**
 * How the time of a GRPO step grows as its batch, its responses, its model and its groups do, each from XS on while the
 * others stay. All settings take turns, so that what else the machine does meets each alike. One JSON object a line on
 * stdout: {"engine": VERSION}, {"progress": TEXT} and, at the end, {"row": GrowthRow}.
 *   node -r ./lib/workspace/typescriptModules.cjs test/benchmarks/growth.ts STEPS FIGURE.png
 */
import { writeFileSync } from 'node:fs';
import { engine, ready } from '../../lib/engine/tensorflow';
import { renderPng } from '../../lib/notebook/staticImage';
import { type GrowthRow, grownSizes, growthFigure } from './growthFigure';
import { createSteps, type StepShape, shapes } from './steps';

/** Times that each size is doubled. */
const doublings = 3;
/** A graph is made in the second step. */
const warmUp = 3;

const tell = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

/** Each size by itself. */
const settings = grownSizes.flatMap((size) =>
  Array.from({ length: doublings + 1 }, (_, i) => {
    const value = shapes.XS[size] * 2 ** i;
    return { size, value, shape: { ...shapes.XS, [size]: value } satisfies StepShape };
  }),
);

/** XS itself, where each size begins, is timed once. */
const keyOf = (shape: StepShape) => JSON.stringify(shape);

async function main(steps: number, picture: string): Promise<void> {
  await ready;
  tell({ engine: engine.version });
  const runs = new Map(
    settings.map(({ shape }) => [keyOf(shape), { steps: createSteps(shape), times: [] as number[] }]),
  );
  for (let round = -warmUp; round < steps; round++) {
    tell({ progress: round < 0 ? 'warming up' : `${round + 1} of ${steps}` });
    for (const run of runs.values()) {
      const { total } = await run.steps.grpo();
      if (round >= 0) run.times.push(total);
    }
  }
  const rows = settings.map(({ size, value, shape }): GrowthRow => {
    const times = runs.get(keyOf(shape))!.times.sort((a, b) => a - b);
    const median_ms = (times[(times.length - 1) >> 1]! + times[times.length >> 1]!) / 2;
    return { size, value, steps, min_ms: times[0]!, median_ms };
  });
  for (const row of rows) tell({ row });
  writeFileSync(picture, await renderPng(growthFigure(rows)));
}

main(Number(process.argv[2]), process.argv[3]!);
