import { defineConfig } from 'vitest/config';
import { LONG } from './long.js';
import { SETTINGS } from './settings.js';

export default defineConfig({ test: { ...SETTINGS, include: [...LONG] } });
