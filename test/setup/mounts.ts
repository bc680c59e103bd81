import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';

const mounted: string[] = [];

/** For tests that mount file systems of their own, which not every machine allows. */
export const itWithMounts = canMount() ? it : it.skip;
if (itWithMounts === it.skip) console.warn('Tests that need to mount a file system are skipped.');

function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  // In a name space of its own it tells whether one may, and leaves nothing behind.
  return spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0;
}

/** Mounts a small file system at a new folder, until `unmountAll`. */
export async function mountSmall(place: string, size: string): Promise<void> {
  await mkdir(place);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', place]);
  mounted.push(place);
  await chmod(place, 0o755);
}

/** Mounts a file at another one, as containers do, until `unmountAll`. */
export function mountFile(source: string, place: string): void {
  execFileSync('mount', ['--bind', source, place]);
  mounted.push(place);
}

export function remount(place: string, options: string): void {
  execFileSync('mount', ['-o', `remount,${options}`, place]);
}

/** To call after each test. */
export function unmountAll(): void {
  for (const place of mounted.splice(0)) execFileSync('umount', [place]);
}
