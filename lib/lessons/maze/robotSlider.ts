import { seededRandom } from '../../math/random';
import { mean } from '../../math/statistics';
import type { Figure } from '../../notebook/figure';
import { mazeFigure } from '../../notebook/figures/mazeFigure';
import { sliderFigure } from '../../notebook/figures/sliderFigure';
import { type Maze, type MazeRewards, walk } from '../../tasks/maze';
import type { RobotSnapshot } from './trainRobot';
import { type Place, stateAt } from './walkTable';

export interface RobotSliderOptions {
  readonly start: Place;
  readonly rewards: MazeRewards;
  readonly maxSteps: number;
  /** The step that is shown first. */
  readonly active: number;
}

/**
 * One robot while it learns: a position for each snapshot, with the critic's values and one walk from the start. Each
 * walk draws its actions from the policy of that time, all by the same random numbers.
 */
export function robotSlider(
  maze: Maze,
  snapshots: readonly RobotSnapshot[],
  { start, rewards, maxSteps, active }: RobotSliderOptions,
): Figure {
  // one scale for all positions
  const shown = snapshots.flatMap(({ values }) =>
    maze.floors.map((_, floor) => mean(values.slice(4 * floor, 4 * floor + 4))),
  );
  const valueRange = [Math.min(...shown), Math.max(...shown)] as const;
  const steps = snapshots.map(({ seed, step, values, probabilities }) => {
    const drawn = seededRandom(seed).split('shown walk');
    const path = walk(maze, stateAt(maze, start), rewards, maxSteps, (state) =>
      drawn.categorical(probabilities[state]!),
    );
    const count = path.states.length;
    const outcome = path.ended ? `out after ${count} actions` : `not out after ${count} actions`;
    const title = `After ${step} training step${step === 1 ? '' : 's'} the robot is ${outcome}`;
    return { label: String(step), figure: mazeFigure(maze, { title, values, valueRange, path }) };
  });
  return sliderFigure(steps, { name: 'training step', active: String(active) });
}
