import { describe, expect, it } from 'vitest';
import { overSeeds } from '../../lib/experiments/overSeeds';

async function* twoRows(seed: number) {
  yield { step: 1, reward: seed };
  yield { step: 2, reward: 10 * seed };
}

async function all<Row>(rows: AsyncIterable<Row>): Promise<Row[]> {
  const list: Row[] = [];
  for await (const row of rows) list.push(row);
  return list;
}

describe('overSeeds', () => {
  it('puts the seed in front of each row, one seed after the other', async () => {
    const rows = await all(overSeeds([3, 1], twoRows));
    expect(rows).toEqual([
      { seed: 3, step: 1, reward: 3 },
      { seed: 3, step: 2, reward: 30 },
      { seed: 1, step: 1, reward: 1 },
      { seed: 1, step: 2, reward: 10 },
    ]);
    expect(Object.keys(rows[0]!)[0]).toBe('seed');
  });

  it('ends the run under way when nobody asks for more', async () => {
    let ended = 0;
    async function* endless(seed: number) {
      try {
        for (;;) yield { value: seed };
      } finally {
        ended += 1;
      }
    }
    for await (const _ of overSeeds([1, 2], endless)) break;
    expect(ended).toBe(1);
  });

  it('refuses no seeds, and one that stands twice', async () => {
    await expect(all(overSeeds([], twoRows))).rejects.toThrow('there are no seeds; expected at least one.');
    await expect(all(overSeeds([1, 2, 1], twoRows))).rejects.toThrow('the seed 1 stands twice');
  });
});
