import { ASSIGNMENTS, type Assignment, CLOSINGS, LAWS } from './assignments.js';
import { type JsonObject, writeJson } from './json-writing.js';
import { type Random } from './random.js';
import {
  LAST_NAMES,
  MEN,
  MONTHS,
  NOTES,
  POSTS,
  type Rank,
  RANKS,
  TITLES,
  UNITS,
  WOMEN,
} from './vocabulary.js';

/** A police order, as a careful reader would type it off the page. */
export interface Order extends JsonObject {
  header: JsonObject;
  personel: JsonObject[];
}

export interface Paper {
  readonly order: Order;
  /** Running number, month (1-12) and day: what file names are made of. */
  readonly number: number;
  readonly month: number;
  readonly day: number;
  readonly year: number;
}

/** Rows are added until the order's JSON reaches `size` characters; the last one may exceed it by some 120. */
export function drawPaper(random: Random, issued: Date, size: number): Paper {
  const year = issued.getUTCFullYear();
  const month = issued.getUTCMonth() + 1;
  const day = issued.getUTCDate();
  const number = random.between(1, 999);
  const unit = random.weighted(UNITS);
  const assignment = random.pick(ASSIGNMENTS);
  const { name: monthName, roman } = MONTHS[month - 1]!;
  const header: JsonObject = {
    nomor_sprint: `Sprin/${number}/${roman}/${assignment.code}/${year}`,
    perihal: assignment.perihal.replace('@', String(year)),
    satuan: unit.satuan,
    tanggal: `${day} ${monthName} ${year}`,
    dasar: drawBases(random, assignment, year),
    untuk: [...assignment.untuk, random.pick(CLOSINGS)],
  };

  const people: { rank: Rank; row: JsonObject }[] = [];
  let length = writeJson({ header, personel: [] }).length;
  while (length < size || people.length === 0) {
    const person = drawPerson(random, year, unit.short);
    people.push(person);
    length += writeJson(person.row).length + 1;
  }
  people.sort((one, other) => RANKS.indexOf(one.rank) - RANKS.indexOf(other.rank));
  const personel = people.map(({ row }) => row);
  if (personel.length > 2) personel[0]!.keterangan = 'KETUA TIM';
  return { order: { header, personel }, number, month, day, year };
}

function drawBases(random: Random, assignment: Assignment, year: number): string[] {
  const reference = assignment.dasar.replace('#', String(random.between(1, 1999))).replace('@', String(year));
  // The first law is the police's own; nearly every order begins with it.
  return [random.chance(0.7) ? LAWS[0]! : random.pick(LAWS), reference.replace('@', String(year))];
}

function drawPerson(random: Random, year: number, unit: string): { rank: Rank; row: JsonObject } {
  const rank = random.weighted(RANKS);
  const born = year - random.between(rank.ages[0], rank.ages[1]);
  const month = random.between(1, 12);
  const woman = random.chance(0.2);
  const nrp =
    rank.level === 'civilian' ? drawNip(random, year, born, month, woman) : drawNrp(random, born, month);
  const nama = drawName(random, rank, woman);
  const jabatan = random.pick(POSTS[rank.level]).replace('*', unit);
  const keterangan = random.chance(0.35) ? random.pick(NOTES) : null;
  return { rank, row: { pangkat: rank.pangkat, nrp, nama, jabatan, keterangan } };
}

function drawName(random: Random, rank: Rank, woman: boolean): string {
  const name = `${random.pick(woman ? WOMEN : MEN)} ${random.pick(LAST_NAMES)}`;
  return rank.level === 'officer' || random.chance(0.15) ? `${name}, ${random.pick(TITLES)}` : name;
}

/** A police officer's number: two digits each of the year and month of birth, then four of a serial. */
function drawNrp(random: Random, born: number, month: number): string {
  return digits(born % 100, 2) + digits(month, 2) + digits(random.between(1, 1500), 4);
}

/** A civil servant's number: date of birth, year and month of appointment, 1 or 2 for man or woman, serial. */
function drawNip(random: Random, year: number, born: number, month: number, woman: boolean): string {
  const birth = digits(born, 4) + digits(month, 2) + digits(random.between(1, 28), 2);
  const appointed = random.between(born + 20, Math.min(born + 32, year - 1));
  return `${birth}${appointed}${digits(random.between(1, 12), 2)}${woman ? 2 : 1}${digits(random.between(1, 400), 3)}`;
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
