import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'sqlite',
  schema: ['./src/store/schema.ts', './src/store/schema-surfaces.ts', './src/store/schema-idempotency.ts'],
  out: './drizzle',
});
