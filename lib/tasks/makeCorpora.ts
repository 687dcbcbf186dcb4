/** Writes data/arithmetic/ (`npm run data`). data/README.md says what it holds. */
import { mkdirSync } from 'node:fs';
import writeFileAtomic from 'write-file-atomic';
import { seededRandom } from '../math/random';
import { additionDemonstrations, additionStatements, additions, holdOut } from './additionCorpora';
import { additionQuestion } from './arithmetic';

const seed = 1;
const largest = 9;
const heldOutShare = 0.2;
const wrongShare = 0.4;
/** Odd, so that one answer to an addition is always given more often than the other. */
const statementsEach = 9;
const demonstrationsEach = 5;

const random = seededRandom(seed).split('corpora');
const all = additions(largest);
const { train, heldOut } = holdOut(all, heldOutShare, random.split('held out'));
const questions = all.map((addition) => ({
  query: additionQuestion(addition.a, addition.b),
  answer: String(addition.a + addition.b),
  split: heldOut.includes(addition) ? 'held out' : 'train',
}));
const statements = additionStatements(train, statementsEach, wrongShare, random.split('statements'));
const demonstrations = additionDemonstrations(
  train,
  demonstrationsEach,
  wrongShare,
  random.split('demonstrations'),
);

function write(file: string, what: string, lines: readonly string[]): void {
  const path = `data/arithmetic/${file}`;
  writeFileAtomic.sync(path, `${lines.join('\n')}\n`);
  console.log(`${path}: ${lines.length} ${what} from seed ${seed}`);
}

const asJson = (record: object) => JSON.stringify(record);

mkdirSync('data/arithmetic', { recursive: true });
write('questions.jsonl', 'questions', questions.map(asJson));
write('statements.txt', 'statements', statements);
write('demonstrations.jsonl', 'demonstrations', demonstrations.map(asJson));
