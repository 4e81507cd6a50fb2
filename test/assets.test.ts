import { expect, it } from 'vitest';
import { createAssets } from '../src/assets.ts';

it('reads a file with a hashed name once, and the page around it each time', () => {
  const asked: string[] = [];
  const assets = createAssets((key) => {
    asked.push(key);
    return key.includes('none') ? undefined : Buffer.from(key);
  });
  for (let each = 0; each < 3; each++) {
    expect(assets.read('consumer/assets/index-abc123.js')?.bytes.toString()).toBe('consumer/assets/index-abc123.js');
    expect(assets.read('consumer/index.html')?.contentType).toContain('text/html');
    expect(assets.read('consumer/assets/none.js')).toBeUndefined();
  }
  expect(asked.filter((key) => key === 'consumer/assets/index-abc123.js')).toHaveLength(1);
  expect(asked.filter((key) => key === 'consumer/index.html')).toHaveLength(3);
  expect(asked.filter((key) => key === 'consumer/assets/none.js')).toHaveLength(3);
});
