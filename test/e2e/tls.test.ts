import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import path from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPort } from '../../src/cli/open-port.ts';
import { callora, type Sandbox, startSandbox } from '../support/callora-process.ts';
import { type Certificate, makeCertificate } from '../support/certificate.ts';

/** `callora serve` with TLS of its own, beside the sandbox whose vault it serves: calls, renewal, a pair that does not fit. */

const launcher = path.resolve(import.meta.dirname, '../../bin/callora.js');
const first = makeCertificate({ name: 'first' });
const second = makeCertificate({ name: 'second' });

let sandbox: Sandbox;
let config: string;
let port: number;
let adminPort: number;
let serving: ChildProcess;
let log = '';

beforeAll(async () => {
  sandbox = await startSandbox();
  const { info } = sandbox;
  port = await openPort('0', '--port');
  adminPort = await openPort('0', '--admin-port');
  config = path.join(info.dataDir, 'tls.yaml');
  put(first);
  const yaml = readFileSync(info.config, 'utf8')
    .replaceAll(new URL(info.gateway).port, String(port))
    .replaceAll(new URL(info.admin).port, String(adminPort))
    .replaceAll(`http://127.0.0.1:${port}`, `https://127.0.0.1:${port}`)
    .replace('./callora.db', './tls.db')
    .replace(/^gateway:$/m, 'gateway:\n  tls: { cert_file: ./cert.pem, key_file: ./key.pem }');
  writeFileSync(config, yaml);
  serving = spawn(process.execPath, [launcher, 'serve', '--config', config]);
  const ended = new Promise<number | null>((resolve) => serving.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    for (const output of [serving.stdout, serving.stderr]) {
      output?.setEncoding('utf8').on('data', (text: string) => {
        log += text;
        if (text.includes('operator http')) resolve();
      });
    }
    void ended.then((code) => reject(new Error(`serve ended with ${code}:\n${log}`)));
  });
});

afterAll(async () => {
  serving?.kill('SIGKILL');
  await sandbox?.stop();
});

function put({ cert, key }: Certificate): void {
  const { dataDir } = sandbox.info;
  writeFileSync(path.join(dataDir, 'cert.pem'), cert);
  writeFileSync(path.join(dataDir, 'key.pem'), key, { mode: 0o600 });
}

type Got = { status: number; subject: string };

/** A request on a connection of its own, so that each one sees the certificate in force. */
function get(target: string, headers: Record<string, string> = {}): Promise<Got> {
  const agent = new Agent({ ca: [first.cert, second.cert], keepAlive: false, maxCachedSessions: 0 });
  return new Promise((resolve, reject) => {
    const req = request({ host: '127.0.0.1', port, path: target, agent, headers }, (res) => {
      const socket = res.socket as TLSSocket;
      const subject = String(socket.getPeerCertificate().subject.CN);
      res.resume().once('end', () => resolve({ status: res.statusCode ?? 0, subject }));
    });
    req.once('error', reject).end();
  });
}

async function metrics(): Promise<string> {
  const token = readFileSync(path.join(sandbox.info.dataDir, 'secrets/admin.token'), 'utf8').trim();
  const answer = await fetch(`http://127.0.0.1:${adminPort}/metrics`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return answer.text();
}

describe('a gateway with TLS of its own', () => {
  it('says so, and refuses a call without a token over it', async () => {
    expect(log).toContain(`gateway https://127.0.0.1:${port}`);
    expect(await get('/demo/forecast/oslo')).toEqual({ status: 401, subject: 'first' });
    expect(await get('/_callora/catalog')).toEqual({ status: 200, subject: 'first' });
    expect(await metrics()).toMatch(/^callora_tls_certificate_expires_timestamp_seconds \d{10}$/m);
  });

  it('keeps its certificate when the new pair does not fit, and takes the next one that does', async () => {
    put({ cert: second.cert, key: first.key });
    serving.kill('SIGHUP');
    while (!log.includes('the old one stays in force')) await get('/_callora/catalog');
    expect((await get('/_callora/catalog')).subject).toBe('first');
    const checked = await callora(['check', '--offline', '--config', config]);
    expect([checked.code, checked.stdout]).toEqual([
      1,
      expect.stringMatching(/FAIL +TLS +the key in .* is not the one/),
    ]);
    put(second);
    while ((await get('/_callora/catalog')).subject !== 'second');
    expect(log).not.toContain('PRIVATE KEY');
  });

  it('does not start with a pair that does not fit', async () => {
    put({ cert: first.cert, key: second.key });
    const other = path.join(sandbox.info.dataDir, 'other.yaml');
    const ports = [await openPort('0', '--port'), await openPort('0', '--admin-port')];
    const yaml = readFileSync(config, 'utf8').replace('./tls.db', './other.db');
    writeFileSync(
      other,
      yaml.replaceAll(String(port), String(ports[0])).replaceAll(String(adminPort), String(ports[1])),
    );
    const ran = await callora(['serve', '--config', other]);
    expect(ran.code).not.toBe(0);
    expect(ran.stderr).toContain('gateway.tls: the key in');
  });
});
