/**
 * The lab's own steps for the benchmark, driven as the peers are: one JSON object a line, a command on stdin and its
 * answer on stdout.
 *   {"command": "grpo"}, {"command": "trpo"} one step, in milliseconds
 *   node -r ./lib/workspace/typescriptModules.cjs test/benchmarks/lab.ts XS [FOLDER]
 * FOLDER gets weights.safetensors and batch.safetensors, which the peers read; their loss is told first.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { rolloutLogits, rolloutLogProbs } from '../../lib/algorithms/rollouts/rollout';
import { createDescent } from '../../lib/algorithms/updates/descent';
import { createTrustRegion } from '../../lib/algorithms/updates/trustRegionStep';
import { engine, ready, tf } from '../../lib/engine/tensorflow';
import { aggregate } from '../../lib/losses/aggregation';
import { groupRelativeLoss } from '../../lib/losses/groupRelative';
import { type Random, seededRandom } from '../../lib/math/random';
import { actionLogProbs } from '../../lib/models/categorical';
import { repeated } from '../../lib/models/gpt';
import { copyGptPolicy, createGptPolicy, type TokenStates } from '../../lib/models/gptPolicy';
import { unpack } from '../../lib/models/parameters';
import { writeSafetensors } from '../../lib/models/safetensors';
import { sampleResponses } from '../../lib/models/sampling';

const sizes: Readonly<Record<string, { layers: number; width: number; heads: number }>> = {
  XS: { layers: 2, width: 64, heads: 4 },
  S: { layers: 4, width: 128, heads: 4 },
  M: { layers: 6, width: 384, heads: 6 },
};

/** 8 prompts of 8 tokens, 8 responses of 16 tokens to each, sampled at temperature 1; no token ends a response. */
const [prompts, groupSize, promptLength, maxTokens, vocabularySize] = [8, 8, 8, 16, 32];
const rows = prompts * groupSize;
const options = { maxTokens, temperature: 1, stopToken: -1 };

type Batch = {
  readonly states: TokenStates;
  readonly actions: tf.Tensor2D;
  readonly mask: tf.Tensor2D;
  readonly oldLogProbs: tf.Tensor2D;
  readonly refLogProbs: tf.Tensor2D;
  readonly advantages: tf.Tensor2D;
};

function createSteps(size: string) {
  const random = seededRandom(1);
  const model = { ...sizes[size]!, vocabularySize, contextLength: 32 };
  const policy = createGptPolicy(model, random.split('policy'));
  const reference = copyGptPolicy(policy);
  const loss = (batch: Batch) => {
    const logProbs = actionLogProbs(rolloutLogits(policy, batch, 1), batch.actions);
    const { oldLogProbs, refLogProbs, advantages, mask } = batch;
    const clipping = { clipLow: 0.2, clipHigh: 0.2, klCoefficient: 0.04 };
    return {
      loss: groupRelativeLoss(logProbs, oldLogProbs, refLogProbs, advantages, mask, clipping),
      kl: aggregate(refLogProbs.sub(logProbs), mask, 'token-mean'),
    };
  };
  const descent = createDescent(policy.parameters, loss, { maxGradNorm: Number.POSITIVE_INFINITY });
  const trustRegion = createTrustRegion(policy, 1, {
    maxKl: 0.01,
    damping: 0.1,
    conjugateGradientSteps: 10,
    lineSearchSteps: 10,
    backtrackFactor: 0.8,
  });
  const draws = random.split('steps');

  function rollOut() {
    return tf.tidy(() => {
      const asked = {
        ids: tf.tensor2d(integers(draws, prompts * promptLength), [prompts, promptLength], 'int32'),
        starts: tf.zeros<tf.Rank.R1>([prompts], 'int32'),
      };
      const { tokens, mask, logProbs } = sampleResponses(policy, asked, uniforms(draws), options);
      const states = { ...asked, responses: tokens.slice([0, 0], [rows, maxTokens - 1]) };
      tokens.dataSync();
      return { states, actions: tokens, mask, oldLogProbs: logProbs };
    });
  }

  /** Group z-scores of random rewards, at each token. */
  function advantages(): tf.Tensor2D {
    return tf.tidy(() => {
      const rewards = tf.tensor2d(
        Array.from({ length: rows }, () => draws.uniform()),
        [prompts, groupSize],
      );
      const { mean, variance } = tf.moments(rewards, 1, true);
      const scores = rewards.sub(mean).div(variance.mul(groupSize / (groupSize - 1)).sqrt());
      return scores.reshape([rows, 1]).add<tf.Tensor2D>(tf.zeros([rows, maxTokens]));
    });
  }

  return {
    async grpo() {
      const lap = stopwatch();
      const rollout = rollOut();
      const afterRollout = lap();
      const refLogProbs = rolloutLogProbs(reference, rollout, 1);
      refLogProbs.dataSync();
      const afterReference = lap();
      const batch = { ...rollout, refLogProbs, advantages: advantages() };
      await descent.step(batch, { step: 1, learningRate: 1e-4 });
      policy.parameters.vector.dataSync();
      const train = lap();
      tf.dispose(batch);
      const total = afterRollout + afterReference + train;
      return { rollout: afterRollout, reference: afterReference, train, total };
    },
    async trpo() {
      const batch = { ...rollOut(), advantages: advantages() };
      const lap = stopwatch();
      await trustRegion.step(batch, 1);
      const update = lap();
      tf.dispose(batch);
      return { update, total: update };
    },
    /** A batch with a policy a little off the one that sampled, written for the peers, and its loss here. */
    async loss(folder: string) {
      const batch = {
        ...rollOut(),
        refLogProbs: tf.zeros<tf.Rank.R2>([rows, maxTokens]),
        advantages: advantages(),
      };
      const shifted = tf.tidy(() => ({
        ...batch,
        oldLogProbs: batch.oldLogProbs.add<tf.Tensor2D>(tf.range(0, maxTokens).sub(8).mul(0.02)),
        refLogProbs: batch.oldLogProbs.sub<tf.Tensor2D>(tf.range(0, maxTokens).mul(0.01)),
      }));
      const { ids, responses } = shifted.states;
      const whole = tf.tidy(() => tf.concat([repeated(ids, groupSize), responses!], 1));
      const parts = unpack(policy.parameters);
      const names = Object.keys(policy.parameters.specification);
      save(join(folder, 'weights.safetensors'), Object.fromEntries(names.map((name) => [name, parts(name)])));
      const { states: _, ...numbers } = shifted;
      save(join(folder, 'batch.safetensors'), { ...numbers, ids: whole });
      const { numbers: told } = await descent.measure(shifted, 1);
      return { loss: told.loss, gradNorm: told.grad_norm };
    },
  };
}

function integers(random: Random, count: number): Int32Array {
  return Int32Array.from({ length: count }, () => random.integer(vocabularySize));
}

function uniforms(random: Random): tf.Tensor2D {
  return tf.tensor2d(
    Float32Array.from({ length: rows * maxTokens }, () => random.uniform()),
    [rows, maxTokens],
  );
}

/** Milliseconds since the last call. */
function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const since = performance.now() - last;
    last += since;
    return since;
  };
}

/** All as float32, token numbers too: it holds them exactly. */
function save(path: string, tensors: Readonly<Record<string, tf.Tensor>>): void {
  const named = Object.entries(tensors).map(([name, tensor]) => {
    const values = Float32Array.from(tensor.dataSync());
    return [name, { shape: tensor.shape, values }] as const;
  });
  writeFileSync(path, writeSafetensors(Object.fromEntries(named)));
}

async function serve(size: string, folder: string | undefined): Promise<void> {
  await ready;
  const steps = createSteps(size);
  const answer = (fields: object) => process.stdout.write(`${JSON.stringify(fields)}\n`);
  const loss = folder ? await steps.loss(folder) : null;
  answer({ ready: true, engine: engine.version, threads: engine.threads, fused: engine.fused, loss });
  for await (const line of createInterface({ input: process.stdin })) {
    const { command } = JSON.parse(line) as { command: 'grpo' | 'trpo' | 'quit' };
    if (command === 'quit') break;
    answer(await steps[command]());
  }
}

serve(process.argv[2] ?? 'XS', process.argv[3]);
