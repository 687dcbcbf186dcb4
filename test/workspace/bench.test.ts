import { describe, expect, it } from 'vitest';
import { forwardFlops, grpoFlops } from '../../lib/workspace/bench/floor.mjs';
import { parseOptions } from '../../lib/workspace/bench/options.mjs';
import { leavesAvx512Aside } from '../../lib/workspace/bench/peers.mjs';
import { collectRows, startRunner } from '../../lib/workspace/bench/processes.mjs';
import { labPrograms } from '../../lib/workspace/bench/programs.mjs';
import { minAndMedian, ratiosOf, ratiosToFloor } from '../../lib/workspace/bench/ratios.mjs';
import { compareLosses } from '../../lib/workspace/bench/steps.mjs';
import { growthFigure } from '../benchmarks/growthFigure';

const parse = (args: string, env = {}) => parseOptions(args.split(' ').filter(Boolean), env);

describe('the command line', () => {
  it('measures everything, without peers, where nothing is said', () => {
    expect(parse('')).toEqual({
      sizes: ['XS', 'S', 'M'],
      steps: 20,
      peers: [],
      only: ['steps', 'growth', 'kernels', 'start'],
      help: false,
    });
  });

  it('reads lists in any order, each word once', () => {
    const given = '--sizes M,XS,M --steps 3 --peer trl,pytorch --only start,steps';
    expect(parse(given)).toEqual({
      sizes: ['XS', 'M'],
      steps: 3,
      peers: ['pytorch', 'trl'],
      only: ['steps', 'start'],
      help: false,
    });
  });

  it.each([
    ['--fast', "Unknown option '--fast'; `npm run bench -- --help` lists the options."],
    ['XS', "Unexpected argument 'XS'; `npm run bench -- --help` lists the options."],
    ['--steps', "Option '--steps <value>' argument missing; `npm run bench -- --help` lists the options."],
    ['--steps 0', '--steps is "0"; expected a whole number of at least 1.'],
    ['--steps 1.5', '--steps is "1.5"; expected a whole number of at least 1.'],
    ['--sizes L', '--sizes is "L"; expected XS, S, M, with commas between.'],
    ['--sizes=', '--sizes is ""; expected XS, S, M, with commas between.'],
    ['--peer jax', '--peer is "jax"; expected pytorch, trl, with commas between.'],
    ['--peer=', '--peer is ""; expected pytorch, trl, with commas between.'],
    ['--only step', '--only is "step"; expected steps, growth, kernels, start, with commas between.'],
  ])('refuses %s in one sentence', (args, sentence) => {
    expect(() => parse(args)).toThrow(new Error(sentence));
  });

  it('notices an option that npm kept because the -- was left out', () => {
    expect(() => parse('', { npm_config_only: 'steps' })).toThrow('write `npm run bench -- --only …`');
  });
});

describe('the floor', () => {
  it('counts each operation of a batch small enough to count by hand', () => {
    // one prompt of 2 tokens, 2 responses of which 1 token each is fed; 4 tokens, logits of 4 positions, 3 words
    const shape = { layers: 1, width: 10, prompts: 1, groupSize: 2, promptLength: 2, responseLength: 2 };
    const matrices = 4 * 24 * 10 * 10;
    // the prompt's tokens see 1 and 2, each response's token sees 3
    const attention = (1 + 2 + 3 + 3) * 4 * 10;
    const logits = 4 * 3 * 2 * 10;
    expect(forwardFlops(shape, 3)).toBe(matrices + attention + logits);
    expect(grpoFlops(shape, 3)).toBe(5 * (matrices + attention + logits));
  });

  it('is nearly twice the parameters for each token where attention and logits are small', () => {
    const shape = { layers: 6, width: 384, prompts: 8, groupSize: 8, promptLength: 8, responseLength: 16 };
    const parameters = 12 * 6 * 384 ** 2;
    const ratio = forwardFlops(shape, 32) / (2 * parameters * (64 + 64 * 15));
    expect(ratio).toBeGreaterThan(1);
    expect(ratio).toBeLessThan(1.02);
  });
});

const row = (family: string, threads: number, min_ms: number, median_ms: number, phase = 'total') => ({
  size: 'XS',
  step: 'grpo',
  phase,
  program: family,
  family,
  threads,
  steps: 20,
  min_ms,
  median_ms,
});

describe('ratios', () => {
  const rows = [
    row('lab', 1, 20, 24),
    row('lab', 2, 18, 30),
    row('lab', 2, 1, 1, 'train'),
    row('lab, as it is', 1, 5, 5),
    row('PyTorch', 1, 36, 48),
    { ...row('PyTorch', 2, 30, 50), program: 'PyTorch, torch.compile' },
  ];

  it('take the best of each family, by the least and by the median apart', () => {
    expect(ratiosOf(rows, ['PyTorch'])).toEqual([
      expect.objectContaining({
        statistic: 'min',
        lab: 'lab, 2 threads',
        lab_ms: 18,
        other: 'PyTorch, torch.compile, 2 threads',
        other_ms: 30,
        ratio: 0.6,
      }),
      expect.objectContaining({
        statistic: 'median',
        lab: 'lab, 1 thread',
        lab_ms: 24,
        other: 'PyTorch, 1 thread',
        other_ms: 48,
        ratio: 0.5,
      }),
    ]);
  });

  it('are left out where a peer does not take the step', () => {
    expect(ratiosOf(rows, ['TRL'])).toEqual([]);
  });

  it('compare a step with its floor', () => {
    const [least] = ratiosToFloor(rows, new Map([['XS', 2e9]]), { gflops: 200, threads: 2 });
    expect(least).toMatchObject({ other: '200 GFLOP/s, 2 threads', other_ms: 10, ratio: 1.8 });
  });

  it('halve the sum of the two in the middle for a median', () => {
    expect(minAndMedian([4, 1, 3, 2])).toEqual({ min: 1, median: 2.5 });
    expect(minAndMedian([5, 1, 3])).toEqual({ min: 1, median: 3 });
  });
});

describe('the programs', () => {
  it('let one alone write what the peers read, and time the slow engines at XS alone', () => {
    const atXs = labPrograms('XS', '/folder');
    expect(atXs.filter(({ command }) => command.args.includes('/folder'))).toHaveLength(1);
    expect(atXs.map(({ name }) => name)).toContain('lab on wasm');
    expect(labPrograms('M', '/folder').map(({ name }) => name)).not.toContain('lab on wasm');
  });

  it('force MKL on an AMD processor alone', () => {
    expect(leavesAvx512Aside('AMD EPYC 9B14')).toBe(true);
    expect(leavesAvx512Aside('Intel(R) Xeon(R) Processor')).toBe(false);
  });
});

describe('the check of losses', () => {
  const [lab] = labPrograms('XS', '/folder');
  const runner = (ready: object, losses: object) => ({ ready, ask: async () => losses, end: () => {} });
  const own = { program: lab!, runner: runner({ losses: { grpo: 0.5, value: 20 } }, {}) };
  const peer = (losses: object) => ({
    program: { ...lab!, checked: true, command: { ...lab!.command, name: 'a peer' } },
    runner: runner({}, losses),
  });

  it('lets pass what float32 explains', async () => {
    await compareLosses([own, peer({ grpo: 0.500001, value: 20.0001 })], '/folder');
  });

  it.each([{ grpo: 0.5001, value: 20 }, { grpo: 0.5, value: 20.001 }, { grpo: 0.5 }])(
    'refuses a peer that computes something else: %o',
    async (losses) => {
      await expect(compareLosses([own, peer(losses)], '/folder')).rejects.toThrow('"a peer" has');
    },
  );
});

describe('the processes', () => {
  const node = (source: string) => ({
    name: 'a script',
    program: process.execPath,
    args: ['-e', source],
    env: {},
  });

  it('answer a command with a line', async () => {
    const source = `console.log('{"ready":true}'); process.stdin.on('data', (line) => console.log(String(line).trim()))`;
    const { ready, ask, end } = await startRunner(node(source));
    expect(ready).toEqual({ ready: true });
    expect(await ask({ command: 'grpo' })).toEqual({ command: 'grpo' });
    end();
  });

  it('tell what ended early, in one sentence', async () => {
    await expect(startRunner(node('0'))).rejects.toThrow('"a script" ended without an answer.');
    await expect(startRunner({ ...node('0'), program: '/nowhere' })).rejects.toThrow(
      'ended without an answer.',
    );
  });

  it('hand their rows on, unless they fail', async () => {
    const source = `console.log('{"engine":"E"}'); console.log('{"progress":"1 of 1"}'); console.log('{"row":{"ms":1}}');`;
    const heard: string[] = [];
    expect(await collectRows(node(source), (detail) => heard.push(detail))).toEqual({
      engine: 'E',
      rows: [{ ms: 1 }],
    });
    expect(heard).toEqual(['1 of 1']);
    await expect(collectRows(node(`${source} process.exit(3)`), () => {})).rejects.toThrow(
      '"a script" failed (3).',
    );
  });
});

describe("the growth's figure", () => {
  it('tells in each panel what the last doubling took', () => {
    const sizes = ['prompts', 'responseLength', 'width', 'groupSize'] as const;
    const rows = sizes.flatMap((size) =>
      [8, 16, 32].map((value) => ({ size, value, steps: 3, min_ms: value ** 1.5, median_ms: value ** 2 })),
    );
    const { layout } = growthFigure(rows);
    const told = layout.annotations?.map(({ text }) => text).filter((text) => text?.startsWith('<b>'));
    expect(told).toEqual([
      '<b>16 → 32 prompts: ×2.8</b>',
      '<b>16 → 32 tokens: ×2.8</b>',
      '<b>width 16 → 32: ×2.8</b>',
      '<b>groups of 16 → 32: ×2.8</b>',
    ]);
  });
});
