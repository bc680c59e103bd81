const RANKS = ['IPTU', 'AIPTU', 'AIPDA', 'BRIPKA', 'BRIPTU'];
/** Of so many values, the pipeline was unsure of one. */
const UNSURE = 40;
/** A job has at most so many fields. */
const MOST_FIELDS = 100_000;

/** A police order with so many persons, as a pipeline sends it. The same rows give the same text. */
export function orderOf(rows: number): { readonly body: string; readonly bytes: number } {
  const fields: string[] = [];
  const people = Array.from({ length: rows }, (_, row) => {
    const person = {
      pangkat: RANKS[row % RANKS.length]!,
      nrp: String(70_000_000 + row * 7),
      nama: `NAMA PERSONEL NOMOR ${row}, S.H.`,
      jabatan: `BANIT ${row % 17} SATUAN RESERSE KRIMINAL`,
      keterangan: row % 9 === 0 ? 'KETUA TIM' : null,
      masa_kerja: row % 31,
    };
    for (const name of Object.keys(person))
      if (fields.length < MOST_FIELDS) {
        const confidence = fields.length % UNSURE === 0 ? 0.5 : 0.97;
        fields.push(`"personel[${row}].${name}":{"confidence":${confidence},"page":1}`);
      }
    return JSON.stringify(person);
  });
  const header = `{"nomor_sprint":"Sprin/871/I/2025","perihal":"Pengamanan","nip":198703212010011234}`;
  const result = `{"header":${header},"personel":[${people.join(',')}]}`;
  const body = `{"filename":"sprint.pdf","source_kind":"pdf","confidence":0.5,"result":${result},"fields":{${fields.join(',')}}}`;
  return { body, bytes: Buffer.byteLength(result) };
}
