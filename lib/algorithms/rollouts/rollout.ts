/** What a policy did, and what became of it: the same for responses of a language model and for walks in a maze. */
import { compiledOnce, compileEvaluation } from '../../engine/compile';
import { tf } from '../../engine/tensorflow';
import { InputError, refuse, requireCount } from '../../errors/inputError';
import { aggregate } from '../../losses/aggregation';
import { exactKl } from '../../losses/klDivergence';
import type { Random } from '../../math/random';
import { actionEntropy, actionLogProbs } from '../../models/categorical';
import { unpack } from '../../models/parameters';
import type { Policy, States } from '../../models/policy';

/** One response to one query, or one walk from one start. */
export interface Trajectory {
  /** The prompt, or where the walk starts. */
  readonly query: string;
  /** The response's text, or the walk's actions. */
  readonly response: string;
  /** The name of each action taken: a token, or a move. */
  readonly actions: readonly string[];
  /** The task's reward at each action; a language model's only one comes at its last token. */
  readonly rewards: readonly number[];
  /** What the rewards are made of, by name: each rule's score, for example. */
  readonly scores: Readonly<Record<string, number>>;
  /** By itself (end token, exit); false where it was cut off at T actions. */
  readonly ended: boolean;
}

/** B = queries · groupSize trajectories of at most T steps. */
export interface Rollout<S extends States = States> {
  readonly states: S;
  /** [B, T] int32, 0 after the end */
  readonly actions: tf.Tensor2D;
  /** [B, T] 1 on actions taken, 0 after the end */
  readonly mask: tf.Tensor2D;
  /** [B, T] log π(aₜ|sₜ) of the policy that acted, at the temperature at which it acted; 0 after the end */
  readonly logProbs: tf.Tensor2D;
  /** B of them; the trajectories of one query follow each other. */
  readonly trajectories: readonly Trajectory[];
}

export interface RolloutRequest {
  /** Queries drawn, and trajectories for each of them. */
  readonly queries: number;
  readonly groupSize: number;
  /** Divides the logits; 1 samples the policy itself. */
  readonly temperature: number;
}

/** How good a policy is when it takes its likeliest action each time. */
export interface Evaluation {
  /** The share of the task's queries that it solves. */
  readonly accuracy: number;
  /** The mean of the task's rewards, summed over each trajectory. */
  readonly reward: number;
  /** The mean number of actions. */
  readonly length: number;
}

/** What a policy learns from. */
export interface Task<S extends States = States> {
  readonly name: string;
  /** The caller disposes of what it gets, by `disposeRollout`. */
  rollOut(policy: Policy<S>, request: RolloutRequest, random: Random): Promise<Rollout<S>>;
  evaluate(policy: Policy<S>): Promise<Evaluation>;
}

/**
 * Rolls a policy out.
 * @throws for a request that asks nothing, and for a reward that is not finite, by its query and response: nothing can
 *         be learnt from it
 */
export async function rollOut<S extends States>(
  task: Task<S>,
  policy: Policy<S>,
  request: RolloutRequest,
  random: Random,
): Promise<Rollout<S>> {
  const { queries, groupSize, temperature } = request;
  requireCount('queries', queries);
  requireCount('groupSize', groupSize);
  if (!(temperature > 0 && temperature < Number.POSITIVE_INFINITY)) {
    refuse('temperature', temperature, 'a number above 0, since the likeliest action alone teaches nothing');
  }
  const rollout = await task.rollOut(policy, request, random);
  for (const { query, response, rewards } of rollout.trajectories) {
    const wrong = rewards.find((reward) => !Number.isFinite(reward));
    if (wrong === undefined) continue;
    disposeRollout(rollout);
    throw new InputError(
      `the task "${task.name}" gave "${response}" to "${query}" the reward ${wrong}; expected a finite number.`,
    );
  }
  return rollout;
}

export function disposeRollout({ states, actions, mask, logProbs }: Rollout): void {
  tf.dispose([...Object.values(states), actions, mask, logProbs]);
}

/**
 * The logits of a policy at a rollout's actions, at a temperature. Differentiable by the parameters.
 * @param vector [P] parameters in place of the policy's own
 * @returns      [B, T, A]
 */
export function rolloutLogits<S extends States>(
  policy: Policy<S>,
  { states, actions }: { readonly states: S; readonly actions: tf.Tensor2D },
  temperature: number,
  vector: tf.Tensor1D = policy.parameters.vector,
): tf.Tensor3D {
  return tf.tidy(() => {
    const parameter = unpack({ ...policy.parameters, vector });
    return policy.logits(states, actions.shape[1], parameter).div<tf.Tensor3D>(temperature);
  });
}

/** The log-probs of a rollout's actions under a policy: [B, T]. */
export function rolloutLogProbs<S extends States>(
  policy: Policy<S>,
  { states, actions }: { readonly states: S; readonly actions: tf.Tensor2D },
  temperature: number,
): tf.Tensor2D {
  const evaluate = compiledOnce(policy, `log-probs at ${temperature}`, () =>
    compileEvaluation(({ states, actions }: { states: S; actions: tf.Tensor2D }) =>
      actionLogProbs(rolloutLogits(policy, { states, actions }, temperature), actions),
    ),
  );
  return evaluate({ states, actions });
}

/** The entropy of a policy, averaged over a rollout's actions, in nats. */
export async function meanEntropy<S extends States>(
  policy: Policy<S>,
  { states, actions, mask }: Rollout<S>,
  temperature: number,
): Promise<number> {
  const evaluate = compiledOnce(policy, `entropy at ${temperature}`, () =>
    compileEvaluation(({ states, actions, mask }: Pick<Rollout<S>, 'states' | 'actions' | 'mask'>) =>
      aggregate(actionEntropy(rolloutLogits(policy, { states, actions }, temperature)), mask, 'token-mean'),
    ),
  );
  return readNumber(evaluate({ states, actions, mask }));
}

/**
 * How far a policy is from what it was: the exact KL(π_old‖π), averaged over a rollout's actions, in nats.
 * @param oldLogits [B, T, A] of the policy that it was, at the same temperature
 */
export async function meanKlFrom<S extends States>(
  oldLogits: tf.Tensor3D,
  policy: Policy<S>,
  { states, actions, mask }: Pick<Rollout<S>, 'states' | 'actions' | 'mask'>,
  temperature: number,
): Promise<number> {
  type Given = Pick<Rollout<S>, 'states' | 'actions' | 'mask'> & { oldLogits: tf.Tensor3D };
  const evaluate = compiledOnce(policy, `KL at ${temperature}`, () =>
    compileEvaluation(({ states, actions, mask, oldLogits }: Given) =>
      aggregate(
        exactKl(oldLogits, rolloutLogits(policy, { states, actions }, temperature)),
        mask,
        'token-mean',
      ),
    ),
  );
  return readNumber(evaluate({ states, actions, mask, oldLogits }));
}

async function readNumber(scalar: tf.Scalar): Promise<number> {
  const [value] = await scalar.data();
  scalar.dispose();
  return value!;
}

/** The policy's greedy accuracy at each `evaluateEvery`-th step and the last; null at the others. */
export async function accuracyAt<S extends States>(
  step: number,
  task: Task<S>,
  policy: Policy<S>,
  { evaluateEvery, steps }: { readonly evaluateEvery: number; readonly steps: number },
): Promise<number | null> {
  if (step % evaluateEvery !== 0 && step !== steps) return null;
  return (await task.evaluate(policy)).accuracy;
}
