/** The command line of `npm run bench`. */
import { parseArgs } from 'node:util';
import { UsageError } from '../runner/options.mjs';

/** @typedef {'steps' | 'growth' | 'kernels' | 'start'} Part */
/** @typedef {'pytorch' | 'trl'} PeerName */
/** @typedef {{ sizes: string[], steps: number, peers: PeerName[], only: Part[], help: boolean }} Options */

const sizes = ['XS', 'S', 'M'];
const peers = /** @type {const} */ (['pytorch', 'trl']);
const parts = /** @type {const} */ (['steps', 'growth', 'kernels', 'start']);

export const usage = `npm run bench [-- --sizes XS,S,M --steps N --peer pytorch,trl --only PART,…]

Times the lab, and leaves CSVs, a figure and the machine's description in data/results/bench.

  --sizes XS,S,M      sizes of the model (default: all)
  --steps N           steps that are timed, after a warm-up; of TRPO, which takes ten times as long, a quarter (default: 20)
  --peer pytorch,trl  the same steps in PyTorch, written by hand, and TRL's GRPOTrainer, each in turn with the lab's;
                      their environment is installed first, once
  --only PART,…       steps    a step of GRPO, PPO and SFT at each size, and of TRPO at all but M
                      growth   a step of GRPO as batch, responses, model and groups grow
                      kernels  each fused kernel beside TensorFlow's own operations
                      start    from a kernel's start to its first cell, import and figure
                      (default: all)`;

/** @type {import('node:util').ParseArgsConfig['options'] & {}} */
const flags = {
  sizes: { type: 'string', default: sizes.join() },
  steps: { type: 'string', default: '20' },
  peer: { type: 'string' },
  only: { type: 'string', default: parts.join() },
  help: { type: 'boolean', short: 'h', default: false },
};

/** @param {string[]} args */
function parse(args) {
  try {
    return parseArgs({ args, options: flags }).values;
  } catch (error) {
    const [sentence] = /** @type {Error} */ (error).message.split(/\.?(?: To specify|\n)|\. This command/);
    throw new UsageError(`${sentence}; \`npm run bench -- --help\` lists the options.`);
  }
}

/**
 * The words of a list, each once and in the order of those that there are.
 * @template {string} Word @param {string} flag @param {string} text @param {readonly Word[]} known @returns {Word[]}
 */
function words(flag, text, known) {
  const given = text.split(',').filter(Boolean);
  const strange = given.find((word) => !known.some((other) => other === word));
  if (strange === undefined && given.length > 0) return known.filter((word) => given.includes(word));
  throw new UsageError(
    `--${flag} is "${strange ?? text}"; expected ${known.join(', ')}, with commas between.`,
  );
}

/** @param {string[]} args @param {NodeJS.ProcessEnv} env @returns {Options} */
export function parseOptions(args, env) {
  const kept = Object.keys(flags).find((name) => name !== 'help' && env[`npm_config_${name}`]);
  if (kept) {
    throw new UsageError(
      `npm took --${kept} for an option of its own: write \`npm run bench -- --${kept} …\`.`,
    );
  }
  const values = /** @type {Record<string, string | undefined>} */ (parse(args));
  const { sizes: someSizes = '', steps = '', peer, only = '' } = values;
  if (!/^[1-9]\d*$/.test(steps)) {
    throw new UsageError(`--steps is "${steps}"; expected a whole number of at least 1.`);
  }
  return {
    sizes: words('sizes', someSizes, sizes),
    steps: Number(steps),
    peers: peer === undefined ? [] : words('peer', peer, peers),
    only: words('only', only, parts),
    help: Boolean(values.help),
  };
}
