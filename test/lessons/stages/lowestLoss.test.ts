import { expect, it } from 'vitest';
import { lowestLoss } from '../../../lib/lessons/stages/lowestLoss';
import { createTokenizer } from '../../../lib/models/tokenizer';
import { expectClose } from '../../close';

const tokenizer = createTokenizer(['a b c d'], 'words');

it('is log 2 for each text that could as well have been another, over its tokens and its end', () => {
  const texts = ['a b', 'c d'].map((response) => ({ query: '', response }));
  expectClose(lowestLoss(tokenizer, texts), Math.log(2) / 3, 1e-12);
});

it('is 0 where each query has one response', () => {
  const examples = [
    { query: 'a', response: 'b' },
    { query: 'a', response: 'b' },
    { query: 'c', response: 'd' },
  ];
  expect(lowestLoss(tokenizer, examples)).toBe(0);
});
