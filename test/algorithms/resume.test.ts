/** A loop that stops at any step and goes on from what was kept ends bit by bit as one that never stopped. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GrpoConfig, grpo } from '../../lib/algorithms/grpo';
import { type PpoConfig, ppo } from '../../lib/algorithms/ppo';
import { reinforce } from '../../lib/algorithms/reinforce';
import { trpo } from '../../lib/algorithms/trpo';
import { type Memory, newMemory } from '../../lib/algorithms/updates/memory';
import { compiling, replayFirstCalls } from '../../lib/engine/compile';
import { engine, tf } from '../../lib/engine/tensorflow';
import { mazeSettings } from '../../lib/experiments/mazeSettings';
import { seededRandom } from '../../lib/math/random';
import { matchingCritic, matchingPolicy, matchingTask } from './matchingTask';

const steps = 6;
const size = { steps, queries: 4, groupSize: 4, evaluateEvery: 2 };
const grpoConfig: GrpoConfig = {
  ...mazeSettings.grpo,
  ...size,
  klCoefficient: 0.1,
  minibatches: 2,
  schedule: 'linear',
};
/** Both coefficients are steered, so that a run that forgot them would go another way. */
const ppoConfig: PpoConfig = {
  ...mazeSettings.ppo,
  ...size,
  klCoefficient: 0.1,
  klControl: 'doubling',
  klTarget: 1e-4,
  updateKlCoefficient: 0.1,
  updateKlTarget: 1e-4,
  minibatches: 2,
};

function models() {
  return { policy: matchingPolicy(), critic: matchingCritic(), reference: matchingPolicy() };
}

type Models = ReturnType<typeof models>;

const loops: Readonly<Record<string, (made: Models, memory: Memory) => AsyncGenerator<object, void>>> = {
  reinforce: ({ policy }, memory) =>
    reinforce(matchingTask(), policy, { ...mazeSettings.reinforce, ...size }, random(), undefined, memory),
  grpo: ({ policy, reference }, memory) =>
    grpo(matchingTask(), policy, reference, grpoConfig, random(), undefined, memory),
  ppo: (made, memory) => ppo(matchingTask(), made, ppoConfig, random(), undefined, memory),
  trpo: (made, memory) =>
    trpo(matchingTask(), made, { ...mazeSettings.trpo, ...size }, random(), undefined, memory),
};

const random = () => seededRandom(3);

/** What a checkpoint would hold. */
function kept(memory: Memory, { policy, critic }: Models) {
  const values = (variable: tf.Tensor) => variable.dataSync<'float32'>().slice();
  const saved = Object.entries(memory.optimizers).map(([name, state]) => [
    name,
    Object.fromEntries(Object.entries(state).map(([part, variable]) => [part, values(variable)])),
  ]);
  const { step, coefficients } = memory;
  return {
    memory: { step, coefficients: { ...coefficients }, optimizers: {}, saved: Object.fromEntries(saved) },
    policy: values(policy.parameters.vector),
    critic: values(critic.parameters.vector),
  };
}

/** Takes the steps up to `last`, from the start or from what was kept. */
async function go(name: string, last: number, from?: ReturnType<typeof kept>) {
  const made = models();
  if (from) {
    made.policy.parameters.vector.assign(tf.tensor1d(from.policy));
    made.critic.parameters.vector.assign(tf.tensor1d(from.critic));
  }
  const memory = from?.memory ?? newMemory();
  const rows: string[] = [];
  let state!: ReturnType<typeof kept>;
  for await (const row of loops[name]!(made, memory)) {
    rows.push(JSON.stringify(row));
    state = kept(memory, made);
    if (memory.step === last) break;
  }
  for (const { parameters } of Object.values(made)) parameters.vector.dispose();
  return { rows, state };
}

describe.each(Object.keys(loops))('%s', (name) => {
  beforeAll(replayFirstCalls);
  afterAll(() => {
    compiling.enabled = true;
  });

  const ways = engine.name === 'native' ? [true, false] : [true];
  it.each(ways)('stops after any step and goes on (steps as graphs: %s)', async (enabled) => {
    compiling.enabled = enabled;
    const whole = await go(name, steps);
    expect(whole.rows).toHaveLength(steps);
    for (const stop of [1, 3, 5]) {
      const first = await go(name, stop);
      const second = await go(name, steps, first.state);
      expect([...first.rows, ...second.rows]).toEqual(whole.rows);
      expect(second.state).toEqual(whole.state);
    }
  });

  it('refuses what was kept of another optimizer', async () => {
    const made = models();
    const state = { mean: new Float32Array(3) };
    const memory = { ...newMemory(), saved: { policy: state, critic: state } };
    await expect(loops[name]!(made, memory).next()).rejects.toThrow(
      /^the saved state of the optimizer "(policy|critic)" has 3 numbers in "mean"; expected \d+\.$/,
    );
  });
});
