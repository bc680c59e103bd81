import { JsonDocument, JSON_NULL, parseFieldPath, sliceOf, type FieldPath } from '../json-text/index.js';
import { Fault } from '../platform/fault.js';
import { isGrouping } from './errors-query.js';
import { type MeasuredSample } from './measured-sample.js';

class GroupFault extends Fault {
  constructor(field: string, by: string, most: number) {
    const message = `there are more than ${most.toLocaleString('en')} different values of ${by}; choose another field, or fewer samples by a filter`;
    super('invalid-parameters', `${field}: ${message}`, [{ field, message }]);
  }
}

/** Something for each group of documents, by the JSON text of what they have in common. */
export class Groups<Member> {
  private readonly members = new Map<string, Member>();

  /**
   * @param field the parameter that asks for groups, for messages
   * @param by what they are by
   * @param most how many there may be
   */
  constructor(
    private readonly field: string,
    private readonly by: string,
    private readonly most: number,
    private readonly make: () => Member,
  ) {}

  /** @throws GroupFault if there are too many */
  get(name: string): Member {
    let member = this.members.get(name);
    if (member === undefined) {
      if (this.members.size === this.most) throw new GroupFault(this.field, this.by, this.most);
      this.members.set(name, (member = this.make()));
    }
    return member;
  }

  entries(): [name: string, member: Member][] {
    return [...this.members];
  }
}

/**
 * Returns what tells the group of a sample, as JSON text: the producer as it is written; else a string, a number, a boolean, or null.
 *
 * @param by one of GROUPINGS, or the path of a field of the final result; a sample whose field is missing, an array or an object is
 * in the group null
 */
export function groupNamer(by: string): (sample: MeasuredSample) => string {
  if (!isGrouping(by)) return valueNamer(parseFieldPath(by));
  switch (by) {
    case 'producer':
      return ({ producer }) => producer.toString();
    case 'source_kind':
      return ({ source_kind }) => JSON.stringify(source_kind);
    case 'reviewer':
      return ({ reviewed_by }) => JSON.stringify(reviewed_by);
    case 'month':
      return ({ created_at }) => JSON.stringify(created_at.slice(0, '2025-06'.length));
  }
}

/** Names samples by a value of their final result: see `groupNamer`. */
export function valueNamer(path: FieldPath): (sample: MeasuredSample) => string {
  const document = new JsonDocument();
  return ({ final_result }) => {
    document.load(sliceOf(final_result));
    const target = document.find(path);
    const value = target?.exists === true ? document.valueOf(target) : JSON_NULL;
    document.clear();
    if (value[0] === OPEN_OBJECT || value[0] === OPEN_ARRAY) return 'null';
    // One text for each value, however it is escaped.
    return value[0] === QUOTE ? JSON.stringify(JSON.parse(value.toString())) : value.toString();
  };
}

const QUOTE = 0x22;
const OPEN_ARRAY = 0x5b;
const OPEN_OBJECT = 0x7b;
