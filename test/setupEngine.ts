import { beforeAll } from 'vitest';
import { ready } from '../lib/engine/tensorflow';

beforeAll(() => ready);
