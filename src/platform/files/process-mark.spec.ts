import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasEnded, ownMark } from './process-mark.js';

const [machine = '', , start = ''] = ownMark().split('-');

describe('the mark of a process', () => {
  it('tells that it runs, and once it has ended, that it has', async () => {
    expect(hasEnded(ownMark())).toBe(false);
    const child = spawn('sleep', ['600']);
    await once(child, 'spawn');
    const { pid } = child;
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(hasEnded(`${machine}-${pid}-${start}`)).toBe(true);
  });

  it('of another machine or container tells nothing', () => {
    expect(hasEnded(`00000000-4194305-${start}`)).toBe(false);
  });

  it.each(['', 'x', `${machine}-`, `${machine}-4194305`, `${machine}-4194305-0-0`])('%j is none', (text) => {
    expect(hasEnded(text)).toBe(false);
  });

  const itOnLinux = process.platform === 'linux' ? it : it.skip;
  itOnLinux('whose number another process has got, tells that it has ended', () => {
    expect(hasEnded(`${machine}-${process.pid}-1`)).toBe(true);
  });

  itOnLinux('tells that it has ended before anybody has reaped it', async () => {
    // The shell becomes a process that does not know its child, and so does not reap it. The child must not end before.
    const parent = spawn('/bin/sh', ['-c', 'sleep 1 & echo $!; exec sleep 600']);
    const [pid] = (await once(parent.stdout, 'data')) as [Buffer];
    try {
      const stat = readFileSync(`/proc/${Number(String(pid))}/stat`, 'latin1');
      const mark = `${machine}-${Number(String(pid))}-${stat.split(' ')[21]!}`;
      while (!hasEnded(mark)) await sleep(5);
      expect(() => process.kill(Number(String(pid)), 0)).not.toThrow();
    } finally {
      parent.kill();
    }
  });
});
