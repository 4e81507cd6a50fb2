import { readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type GatewayState, onlyState, pin, readState, writeState } from '../../src/cli/consumer-state.ts';
import { temporaryDir } from './rig.ts';

const state: GatewayState = {
  gateway: 'https://api.example.com',
  passphrase: 'Test SDF Network ; September 2015',
  vault: 'CCW67TSZV3SSS2HXMBQ5JFGCKJNXKZM7UQUWUZPUTHXSTZLEO7SJMI75',
  rpcUrl: 'https://rpc.example',
  loginKey: undefined,
  keyFile: '/keys/a',
  tokens: { GA: 'a.b.c' },
};

describe('what is pinned', () => {
  it('comes back as it was, from a file only its owner can read', () => {
    const dir = path.join(temporaryDir(), 'deep', 'state');
    writeState(dir, state);
    expect(readState(dir, state.gateway)).toEqual({ ...state, loginKey: undefined });
    const [file = ''] = readdirSync(dir);
    expect(statSync(path.join(dir, file)).mode & 0o777).toBe(0o600);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
  });

  it.each([{ vault: 'CBIELTK6YBZJU5UP2WWQEUCYKLPU6AUNZ2BQ4WWFEIE3USCIHMXQDAMA' }, { passphrase: 'Another net' }])(
    'is never replaced by what a gateway says later: %o',
    (change) => {
      expect(() => pin(state, { ...state, ...change })).toThrow(/was pinned at first use/);
    },
  );

  it('keeps the RPC server of the consumer’s choice', () => {
    const chosen = { ...state, rpcChosen: true };
    expect(pin(chosen, { ...state, rpcUrl: 'https://other.example' }).rpcUrl).toBe('https://rpc.example');
  });

  it('follows its gateway to another RPC server where the consumer has chosen none', () => {
    expect(pin(state, { ...state, rpcUrl: 'https://other.example' }).rpcUrl).toBe('https://other.example');
    expect(pin(state, { ...state, rpcUrl: undefined }).rpcUrl).toBe('https://rpc.example');
  });

  it('tells gateways of one host apart', () => {
    const dir = temporaryDir();
    writeState(dir, state);
    writeState(dir, { ...state, gateway: 'http://api.example.com:8402', vault: 'C2' });
    expect(readState(dir, state.gateway)?.vault).toBe(state.vault);
    expect(readState(dir, 'http://api.example.com:8402')?.vault).toBe('C2');
    expect(() => onlyState(dir)).toThrow('2 gateways are known');
  });

  it('is meant by a command that names no gateway, when it is the only one', () => {
    const dir = temporaryDir();
    expect(() => onlyState(dir)).toThrow('no gateway is known yet');
    writeState(dir, state);
    expect(onlyState(dir).gateway).toBe(state.gateway);
  });

  it.each(['', '{', '[]', '{"gateway":"x"}'])('is not guessed from a damaged file: %j', (text) => {
    const dir = temporaryDir();
    writeState(dir, state);
    const [file = ''] = readdirSync(dir);
    writeFileSync(path.join(dir, file), text);
    expect(() => readState(dir, state.gateway)).toThrow('is damaged');
  });
});
