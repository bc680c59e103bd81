import { randomBytes } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Described, readManifest } from '../../corpus-files/manifest.js';
import { isPartName, MANIFEST_NAME } from '../../corpus-files/parts.js';
import { FileFault } from '../../platform/files/file-fault.js';
import { ownMark, runsHere } from '../../platform/files/process-mark.js';
import { replaceFile, syncFolder } from '../../platform/files/replace-file.js';
import { isAbsent } from '../../platform/files/system-error.js';
import { type KeyRange } from '../key-range.js';
import { type WrittenPart } from './part-writer.js';

/** Notes what an export has finished: first its head, then a line a range. Gone when the export is complete. */
const NOTES_NAME = '.unfinished-export';
/** Parts that are not in their place yet. */
const WORKING_NAME = /^\.part-[^/\\]+\.partial$/;

/** A range and its parts. */
export interface FinishedRange {
  readonly range: KeyRange;
  readonly parts: readonly WrittenPart[];
}

/** What an export must have in common with the one that it goes on with. */
export interface NotesHead {
  /** The flags. */
  readonly flags: string;
  /** The database: see FEED_STATE. Null if it has no feed. */
  readonly feed: string | null;
  /** The oldest transaction that had not ended: see FEED_STATE. */
  readonly oldest: string;
}

/** What an export that was interrupted has left. */
export interface LeftExport {
  readonly head: NotesHead;
  readonly ranges: readonly FinishedRange[];
}

type Note =
  | { readonly process: string; readonly began: NotesHead }
  | { readonly finished: FinishedRange }
  /** From here on, parts may be in their places: working files, and the names that they get. */
  | { readonly placing: readonly (readonly [file: string, name: string])[] };

/**
 * The folder of a corpus in parts, while an export writes to it. Working files are hidden; a corpus that was there before stays until
 * the new one is complete, and other files are never touched.
 */
export class PartFolder {
  /** Begins the names of working files of this export. */
  readonly workingName = `.part-${ownMark()}-${randomBytes(6).toString('hex')}`;
  private isNoting = false;
  private isTakenOver = false;

  private constructor(
    readonly place: string,
    private readonly wasMade: boolean,
    /** The manifest of the corpus that is there. */
    readonly before: Described | undefined,
    /** What the last export has left; undefined if nothing. */
    readonly left: LeftExport | undefined,
    /** Parts of the last export, or of the corpus that is there. */
    private readonly oldParts: readonly string[],
    private readonly oldFiles: readonly string[],
  ) {}

  /**
   * Makes the folder if there is none. Parts that an export had put in their places when it was killed become its working files again.
   *
   * @throws FileFault if it holds what would be taken for parts of the new corpus, or another process exports to it
   */
  static async open(place: string): Promise<PartFolder> {
    const made = await mkdir(place, { recursive: true, mode: 0o700 });
    const names = await readdir(place);
    const notes = names.includes(NOTES_NAME) ? readNotes(path.join(place, NOTES_NAME)) : [];
    const began = notes.find((note) => 'began' in note);
    if (began && began.process !== ownMark() && runsHere(began.process))
      throw new FileFault(`${place}: another process exports to it; wait for its end, or use another folder`);
    const before = names.includes(MANIFEST_NAME)
      ? await readManifest(path.join(place, MANIFEST_NAME))
      : undefined;
    if (before && !before.parts)
      throw new FileFault(
        `${place}: the corpus that ${MANIFEST_NAME} describes is in one file; export the parts to another folder`,
      );
    const named = new Set(before?.parts?.map(({ name }) => name));
    if (!before) await takeBack(place, notes, names);
    const parts = names.filter(isPartName);
    const foreign = parts.find((name) => !named.has(name));
    if (foreign !== undefined && !notes.some((note) => 'placing' in note))
      throw new FileFault(
        `${place}: ${foreign} is there, and no manifest names it; it would be taken for a part of the new corpus; remove it, or use another folder`,
      );
    const ranges = notes
      .flatMap((note) => ('finished' in note ? [note.finished] : []))
      .filter((range) => range.parts.every(({ file }) => WORKING_NAME.test(file)));
    const left = began && { head: began.began, ranges };
    const working = names.filter((name) => WORKING_NAME.test(name));
    return new PartFolder(place, made !== undefined, before, left, parts, working);
  }

  /** Begins the notes of this export, with what it keeps of the last one, and removes the rest of that. */
  async begin(head: NotesHead, kept: readonly FinishedRange[]): Promise<void> {
    // Of a corpus without its manifest: it was being replaced.
    if (!this.before) await this.remove(this.oldParts);
    const notes: Note[] = [{ process: ownMark(), began: head }, ...kept.map((finished) => ({ finished }))];
    const text = notes.map((note) => `${JSON.stringify(note)}\n`).join('');
    await replaceFile(path.join(this.place, NOTES_NAME), (partial) =>
      writeFile(partial, text, { flag: 'wx', mode: 0o600, flush: true }),
    );
    this.isNoting = true;
    const staying = new Set(kept.flatMap(({ parts }) => parts.map(({ file }) => file)));
    await this.remove(this.oldFiles.filter((name) => !staying.has(name)));
  }

  /** Notes that a range is finished. A note that a crash cuts off only means that the range is read again. */
  note(finished: FinishedRange): void {
    this.append({ finished });
  }

  /**
   * Puts the parts in their places, and then the manifest. In between, for an instant, the folder has no manifest.
   *
   * @param files working files, by the names that they get
   * @throws FileFault if another process has begun an export to the folder meanwhile
   */
  async complete(files: ReadonlyMap<string, string>, manifest: string): Promise<void> {
    const began = readNotes(path.join(this.place, NOTES_NAME)).find((note) => 'began' in note);
    this.isTakenOver = began?.process !== ownMark();
    if (this.isTakenOver)
      throw new FileFault(`${this.place}: another process has begun an export to it; this one is given up`);
    this.append({ placing: [...files].map(([name, file]) => [file, name]) });
    const place = path.join(this.place, MANIFEST_NAME);
    await rm(place, { force: true });
    await syncFolder(this.place);
    for (const [name, file] of files) await rename(path.join(this.place, file), path.join(this.place, name));
    await this.remove(this.oldParts.filter((name) => !files.has(name)));
    await syncFolder(this.place);
    await replaceFile(place, (partial) =>
      writeFile(partial, manifest, { flag: 'wx', mode: 0o600, flush: true }),
    );
    await rm(path.join(this.place, NOTES_NAME), { force: true });
    await this.removeWorkingFiles(new Set());
  }

  /**
   * After a failure: leaves what the next export can go on with, and nothing else.
   *
   * @param finished what is noted
   */
  async abandon(finished: readonly FinishedRange[]): Promise<void> {
    if (this.isTakenOver) return this.removeWorkingFiles(new Set());
    if (!this.isNoting) return this.removeIfMade();
    const files = new Set(finished.flatMap(({ parts }) => parts.map(({ file }) => file)));
    await this.removeWorkingFiles(files);
    if (files.size > 0) return;
    await rm(path.join(this.place, NOTES_NAME), { force: true });
    await this.removeIfMade();
  }

  private append(note: Note): void {
    appendFileSync(path.join(this.place, NOTES_NAME), `${JSON.stringify(note)}\n`);
  }

  private async removeWorkingFiles(staying: ReadonlySet<string>): Promise<void> {
    const names = await readdir(this.place);
    await this.remove(names.filter((name) => name.startsWith(this.workingName) && !staying.has(name)));
  }

  private async remove(names: readonly string[]): Promise<void> {
    for (const name of names) await rm(path.join(this.place, name), { force: true });
  }

  private async removeIfMade(): Promise<void> {
    // Not if there is anything in it.
    if (this.wasMade) await rmdir(this.place).catch(() => undefined);
  }
}

/** @param names of the files that are there, which this changes */
async function takeBack(place: string, notes: readonly Note[], names: string[]): Promise<void> {
  const there = new Set(names);
  for (const [file, name] of notes.flatMap((note) => ('placing' in note ? note.placing : []))) {
    // Not what leads out of the folder.
    if (!WORKING_NAME.test(file) || !isPartName(name)) continue;
    // One that has not been renamed is still there, and the other may be a part of an older corpus.
    if (there.has(file) || !there.has(name)) continue;
    await rename(path.join(place, name), path.join(place, file));
    names.splice(names.indexOf(name), 1, file);
  }
}

/** What is noted; an incomplete last line is as none. */
function readNotes(file: string): Note[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Note);
  } catch (error) {
    if (isAbsent(error)) return [];
    if (error instanceof SyntaxError) throw new FileFault(`${file} is damaged; remove it to export anew`);
    throw error;
  }
}
