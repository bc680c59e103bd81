import { bytesOfUuid, UUID_BYTES, uuidAt } from './uuid.js';

it('uuidAt writes a UUID in groups', () => {
  const bytes = Buffer.from('ffff0190163d8694739baea5966c26f8ad91ff', 'hex');
  expect(uuidAt(bytes, 2)).toBe('0190163d-8694-739b-aea5-966c26f8ad91');
});

it('bytesOfUuid gives what uuidAt reads', () => {
  const bytes = bytesOfUuid('0190163d-8694-739b-aea5-966c26f8ad91');
  expect([bytes.length, uuidAt(bytes, 0)]).toEqual([UUID_BYTES, '0190163d-8694-739b-aea5-966c26f8ad91']);
});
