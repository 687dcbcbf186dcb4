/** Writes data/rankings.jsonl (`npm run data`). data/README.md says what it holds. */
import writeFileAtomic from 'write-file-atomic';
import { seededRandom } from '../math/random';
import { rankAdditions } from './arithmetic';

const seed = 1;
const rankings = rankAdditions(
  { largest: 15, annotators: 5, responses: 6, temperature: 0.1 },
  seededRandom(seed).split('rankings'),
);
const path = 'data/rankings.jsonl';
writeFileAtomic.sync(path, `${rankings.map((ranking) => JSON.stringify(ranking)).join('\n')}\n`);
console.log(`${path}: ${rankings.length} rankings from seed ${seed}`);
