import { movedFolder, socketFolderOf, socketIn } from './data-folder.js';
import { parsePasswd } from './server-user.js';

describe('movedFolder', () => {
  it('has the name of the folder and a hash of its path', () => {
    const moved = movedFolder('/root/my archive/.ground-truth', '/var/lib/ground-truth');
    expect(moved).toMatch(/^\/var\/lib\/ground-truth\/my-archive-ground-truth-[0-9a-f]{12}$/);
    expect(movedFolder('/root/my archive/.ground-truth', '/var/lib/ground-truth')).toBe(moved);
    expect(movedFolder('/root/my-archive/.ground-truth', '/var/lib/ground-truth')).not.toBe(moved);
  });

  it('leaves room for the socket, however long the name', () => {
    const path = movedFolder(`/root/${'x'.repeat(200)}/.ground-truth-demo`, '/var/lib/ground-truth');
    expect(socketFolderOf({ path, user: { uid: 1, gid: 1, name: 'x', identity: {} } })).toBe(`${path}/run`);
  });
});

describe('socketFolderOf', () => {
  const user = { uid: 65_534, gid: 65_534, name: 'nobody', identity: {} };
  // The length of the rest of a socket's path, in bytes.
  const rest = Buffer.byteLength(socketIn('/run'));
  const longest = process.platform === 'darwin' ? 103 : 107;

  it('is in the data folder as long as its path fits, and in /tmp if it is one byte longer', () => {
    const fits = `/${'d'.repeat(longest - rest - 1)}`;
    expect(socketFolderOf({ path: fits, user })).toBe(`${fits}/run`);
    expect(socketFolderOf({ path: `${fits}d`, user })).toMatch(/^\/tmp\/ground-truth-65534-[0-9a-f]{12}$/);
  });

  it('counts bytes, not characters', () => {
    const path = `/${'é'.repeat(longest - rest - 1)}`;
    expect(socketFolderOf({ path, user })).toMatch(/^\/tmp\//);
  });
});

describe('parsePasswd', () => {
  it('reads accounts, also with negative ids as on macOS, and skips other lines', () => {
    const text =
      '# comment\nnobody:*:-2:-2:Unprivileged:/var/empty:/usr/bin/false\n+::::::\nroot:x:0:0::/root:/bin/sh\n';
    expect(parsePasswd(text)).toEqual([
      { name: 'nobody', uid: 4_294_967_294, gid: 4_294_967_294 },
      { name: 'root', uid: 0, gid: 0 },
    ]);
  });
});
