import { FieldPathError } from '../json-text/index.js';
import { FieldTree, parseCollapsedPath, ROWS } from './field-tree.js';

describe('FieldTree', () => {
  it('names fields by their paths', () => {
    const tree = new FieldTree();
    const paths = [
      '',
      'header.satuan',
      'personel[*].nrp',
      'personel[*]',
      '["menu.nm"][*]["a b[0]"]',
      '[*][*].x',
    ];
    for (const path of paths) expect(tree.at(parseCollapsedPath(path)).path).toBe(path);
  });

  it('finds a member whatever its spelling, in any order', () => {
    const { root } = new FieldTree();
    const find = (written: string) => {
      const text = Buffer.from(`"${written}"`);
      return root.memberWritten(text, 1, text.length - 1);
    };
    const [a, b] = [find('a'), find('b')];
    expect(a).not.toBe(b);
    expect([find('b'), find('a'), find('a'), find('\\u0061'), root.member('b')]).toEqual([b, a, a, a, b]);
  });

  it('counts new members as one field once there are too many', () => {
    const tree = new FieldTree();
    for (let id = 0; id < 200_000; id++) tree.root.member(`id ${id}`).rows();
    expect(tree.fields.length).toBeLessThan(50_000);
    expect(tree.root.member('another').path).toBe('*');
    const text = Buffer.from('"another"');
    expect(tree.root.member('another').keyWritten(text, 1, text.length - 1).key).toBe('another');
    expect(tree.root.member('id 7').path).toBe('id 7');
  });
});

describe('parseCollapsedPath', () => {
  it('takes members and rows', () => {
    expect(parseCollapsedPath('a[*]["b[*].c"][*].d')).toEqual(['a', ROWS, 'b[*].c', ROWS, 'd']);
  });

  it.each(['a[0]', 'a[*', '[*]a', '/a', 'a..b'])('refuses %s', (text) => {
    expect(() => parseCollapsedPath(text)).toThrow(FieldPathError);
  });
});
