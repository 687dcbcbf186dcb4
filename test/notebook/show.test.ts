import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { show } from '../../lib/notebook/show';
import { enterNotebook, leaveNotebook, type Shown } from './fakeNotebook';
import { sampleFigures } from './sampleFigures';

let shown: Shown[];
beforeEach(() => {
  shown = enterNotebook();
});
afterEach(leaveNotebook);

describe('show', () => {
  it('sends one bundle: live figure, image at its CSS size, and text', async () => {
    await show(sampleFigures.bar);
    expect(shown).toHaveLength(1);
    const { data, metadata } = shown[0]!;
    const live = data['application/vnd.plotly.v1+json'] as typeof sampleFigures.bar;
    expect(live.data).toEqual(sampleFigures.bar.data);
    expect(live.layout.template).toMatchObject({ layout: { paper_bgcolor: 'white' } });
    expect(
      Buffer.from(data['image/png'] as string, 'base64')
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
    expect(metadata).toEqual({ 'image/png': { width: 700, height: 400, alt: 'Value of each prefix' } });
    expect(data['text/plain']).toBe(
      'Value of each prefix\n  gamma = 0.5: 3 points, 0.2 to 0.8\n  gamma = 0.9: 3 points, 0.648 to 0.8',
    );
  });

  it('is the same twice', async () => {
    await show(sampleFigures.heatmap);
    await show(sampleFigures.heatmap);
    expect(shown[1]).toEqual(shown[0]);
  });
});
