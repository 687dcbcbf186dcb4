/** What the algorithms of a sweep hold, and what a step of each takes; nothing of it is kept as a run. */
import { type Memory, newMemory } from '../../algorithms/updates/memory';
import type { Fields } from '../../errors/fields';
import { withInfinity } from '../../experiments/config/infinity';
import { planSweep } from '../../experiments/config/planSweep';
import type { SweepRequest } from '../../experiments/config/sweepRequest';
import type { TrainingRow } from '../../experiments/definitions/algorithmDefinition';
import type { OpenTask } from '../../experiments/definitions/taskDefinition';
import { seededRandom } from '../../math/random';
import { disposeParameters } from '../../models/parameters';
import { secondsPerStep } from '../secondsPerStep';
import { stepCost } from '../stepCost';
import { algorithmName } from './contestRows';

export interface ContestCost {
  readonly algorithm: string;
  readonly policy_parameters: number;
  /** 0 where no critic is trained. */
  readonly critic_parameters: number;
  /** Adam's two for each parameter that it trains; TRPO's policy has no optimizer. */
  readonly optimizer_moments: number;
  /** Operations that TensorFlow ran in one step. */
  readonly kernels: number;
  /** The most that the step's tensors took at once, in bytes. */
  readonly peak_bytes: number;
}

/** What each algorithm of a request holds, and what its first step takes: counted, so that two runs agree. */
export async function contestCosts(request: SweepRequest): Promise<ContestCost[]> {
  const costs: ContestCost[] = [];
  for (const { algorithm, open, loop, memory, dispose } of await started(request)) {
    const cost = await stepCost(loop);
    const policy_parameters = open.policy.parameters.vector.size;
    const critic_parameters = memory.optimizers.critic ? open.critic.parameters.vector.size : 0;
    const byAdam = critic_parameters + (memory.optimizers.policy ? policy_parameters : 0);
    dispose();
    costs.push({
      algorithm,
      policy_parameters,
      critic_parameters,
      optimizer_moments: 2 * byAdam,
      ...cost,
    });
  }
  return costs;
}

/**
 * The median time of a step of each algorithm, in seconds; the algorithms take turns.
 * @param steps at least three, of which the last alone is evaluated
 */
export async function contestSeconds(request: SweepRequest, steps: number): Promise<Record<string, number>> {
  const set = { ...request.set, steps, evaluateEvery: steps };
  const all = await started({ ...request, set });
  try {
    return await secondsPerStep(Object.fromEntries(all.map(({ algorithm, loop }) => [algorithm, loop])));
  } finally {
    for (const { dispose } of all) dispose();
  }
}

interface Started {
  readonly algorithm: string;
  readonly open: OpenTask;
  readonly loop: AsyncGenerator<TrainingRow, void>;
  readonly memory: Memory;
  dispose(): void;
}

/** The runs of the request's first seed, as they begin. */
async function started(request: SweepRequest): Promise<Started[]> {
  const { specs, tasks, algorithms } = planSweep({ ...request, seeds: request.seeds.slice(0, 1) });
  return Promise.all(
    specs.map(async ({ task, algorithm, seed, config }): Promise<Started> => {
      const random = seededRandom(seed);
      const open = await tasks.get(task)!.open(random);
      const memory = newMemory();
      const train = algorithms.get(algorithm)!.train;
      return {
        algorithm: algorithmName(algorithm),
        open,
        memory,
        loop: train(open, withInfinity(config) as Fields, random.split('train'), { memory }),
        dispose: () => {
          for (const { parameters } of [open.policy, open.critic]) disposeParameters(parameters);
          open.dispose?.();
        },
      };
    }),
  );
}
