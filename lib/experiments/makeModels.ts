/** Writes data/assistant/ and data/judge/ (`npm run data`). data/README.md says what they hold. */
import writeFileAtomic from 'write-file-atomic';
import { ready } from '../engine/tensorflow';
import { seededRandom } from '../math/random';
import { saveModel } from '../models/saveModel';
import { additionAnswer } from '../tasks/arithmetic';
import { additionTask } from './additionTask';
import { type Assistant, assistantFolder, assistantSeed, trainAssistant } from './assistant';
import { judgeFolder, trainJudge } from './judge';

const random = seededRandom(assistantSeed);
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

async function makeAssistant(): Promise<Assistant> {
  console.log(`${assistantFolder}: training the assistant, about 10 seconds`);
  const assistant = await trainAssistant(random.split('assistant'));
  const { policy, tokenizer, questions, heldOut } = assistant;
  saveModel(assistantFolder, 'gpt-policy', policy, tokenizer);
  const lines = (queries: readonly string[], split: string) =>
    queries.map((query) => JSON.stringify({ query, answer: String(additionAnswer(query)), split }));
  const records = [...lines(questions, 'train'), ...lines(heldOut, 'held out')];
  writeFileAtomic.sync(`${assistantFolder}/questions.jsonl`, `${records.join('\n')}\n`);
  const { accuracy } = await additionTask(assistant).evaluate(policy);
  console.log(
    `${assistantFolder}: right about ${percent(accuracy)} of its ${questions.length} training questions, from seed ${assistantSeed}`,
  );
  return assistant;
}

async function makeJudge(assistant: Assistant): Promise<void> {
  console.log(`${judgeFolder}: training the judge of its answers, about 40 seconds`);
  const { model, tokenizer, accuracy } = await trainJudge(assistant, random.split('judge'));
  saveModel(judgeFolder, 'reward-model', model, tokenizer);
  console.log(
    `${judgeFolder}: right about ${percent(accuracy)} of the held-out preferences, from seed ${assistantSeed}`,
  );
}

async function main(): Promise<void> {
  await ready;
  await makeJudge(await makeAssistant());
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
