/**
 * The lab's own steps for the benchmark, driven as the peers are: one JSON object a line, a command on stdin and its
 * answer on stdout.
 *   {"command": "grpo"}, {"command": "ppo"}, {"command": "trpo"}, {"command": "sft"}  one step, in milliseconds
 *   {"command": "matmul"}  the best rate of a float32 matrix product, in GFLOP/s
 *   node -r ./lib/workspace/typescriptModules.cjs test/benchmarks/lab.ts XS [FOLDER]
 * FOLDER gets weights, critic and batch as safetensors, which the peers read; the losses of that batch are told first.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { engine, ready, tf } from '../../lib/engine/tensorflow';
import { repeated } from '../../lib/models/gpt';
import { type Parameters, unpack } from '../../lib/models/parameters';
import { writeSafetensors } from '../../lib/models/safetensors';
import { createSteps, type StepName, shapes, vocabularySize } from './steps';

type Steps = ReturnType<typeof createSteps>;
type NamedTensors = Readonly<Record<string, tf.Tensor>>;

/** All as float32, token numbers too: it holds them exactly. */
function save(path: string, tensors: NamedTensors): void {
  const named = Object.entries(tensors).map(([name, tensor]) => {
    const values = Float32Array.from(tensor.dataSync());
    return [name, { shape: tensor.shape, values }] as const;
  });
  writeFileSync(path, writeSafetensors(Object.fromEntries(named)));
}

/** Writes what the peers compute the same losses from, and returns these. */
async function writeExample(steps: Steps, groupSize: number, folder: string): Promise<object> {
  const { batch, texts, losses } = await steps.example();
  const tensorsOf = (parameters: Parameters): NamedTensors => {
    const part = unpack(parameters);
    return Object.fromEntries(Object.keys(parameters.specification).map((name) => [name, part(name)]));
  };
  const { states, ...numbers } = batch;
  tf.tidy(() => {
    const ids = tf.concat([repeated(states.ids, groupSize), states.responses!], 1);
    const whole = tf.concat([texts.seen, texts.targets.slice([0, texts.seen.shape[1] - 1]).toInt()], 1);
    save(join(folder, 'weights.safetensors'), tensorsOf(steps.policy));
    save(join(folder, 'critic.safetensors'), tensorsOf(steps.critic));
    save(join(folder, 'batch.safetensors'), { ...numbers, ids, texts: whole });
  });
  return losses;
}

/** The sizes of products in the largest model, and one large enough for any overhead to vanish. */
const products = [
  [1088, 384, 1536],
  [1088, 1536, 384],
  [1024, 1024, 1024],
] as const;

function matMulRate(): number {
  const rates = products.map(([rows, inner, columns]) =>
    tf.tidy(() => {
      const a = tf.randomNormal([rows, inner]) as tf.Tensor2D;
      const b = tf.randomNormal([inner, columns]) as tf.Tensor2D;
      let least = Number.POSITIVE_INFINITY;
      for (let i = 0; i < 12; i++) {
        const start = performance.now();
        tf.matMul(a, b).dispose();
        least = Math.min(least, performance.now() - start);
      }
      return (2 * rows * inner * columns) / least / 1e6;
    }),
  );
  return Math.max(...rates);
}

async function serve(size: keyof typeof shapes, folder: string | undefined): Promise<void> {
  await ready;
  const steps = createSteps(shapes[size]);
  const answer = (fields: object) => process.stdout.write(`${JSON.stringify(fields)}\n`);
  const losses = folder ? await writeExample(steps, shapes[size].groupSize, folder) : null;
  answer({ ready: true, version: engine.version, shape: shapes[size], vocabularySize, losses });
  for await (const line of createInterface({ input: process.stdin })) {
    const { command } = JSON.parse(line) as { command: StepName | 'matmul' | 'quit' };
    if (command === 'quit') break;
    answer(command === 'matmul' ? { gflops: matMulRate() } : await steps[command]());
  }
}

serve(process.argv[2] as keyof typeof shapes, process.argv[3]);
