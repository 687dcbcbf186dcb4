/** GRPO with a surrogate of one's own, as an algorithm that a cell defines. */
import type { OwnSurrogate } from '../../losses/groupRelative';
import type { AlgorithmDefinition } from './algorithmDefinition';
import { grpoWith } from './algorithms';

/**
 * GRPO but for the loss of a token, and with all of GRPO's settings but `surrogate`:
 *   customGrpo('soft-clip', ({ ratio, advantages }) => ratio.log().tanh().mul(advantages).neg())
 * @param surrogate its text is part of the runs' ids, so that editing it gives other runs; what it takes from outside,
 *                  such as a number of its cell, is no part of its text
 */
export function customGrpo(name: string, surrogate: OwnSurrogate): AlgorithmDefinition {
  const definition = grpoWith({ surrogate });
  const { surrogate: _, ...documentation } = definition.documentation;
  return {
    ...definition,
    name,
    documentation,
    defaults: (task, preset) => {
      const { surrogate: _, ...config } = definition.defaults(task, preset);
      return config;
    },
    source: surrogate.toString(),
  };
}
