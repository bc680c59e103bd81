/** What the pipeline saw of a job of the demo, and what it said. The server answers with it. */

export const producer = { name: 'sprint-ocr', version: '2.0.3', model: 'layout-2', prompt: 'sprint-v6' };

/** The digest of its page image. */
export const PAGE_IMAGE = 'ccdca762b1f8b0ea3ea53d0107f47d56b42f82074fcd9d813858486e8bd81615';

export const sources = [
  {
    kind: 'page_image',
    page: 1,
    media_type: 'image/png',
    sha256: PAGE_IMAGE,
    uri: null,
    size: 6436,
  },
  {
    kind: 'ocr_text',
    page: 1,
    media_type: 'text/plain',
    sha256: '98fd75a8a708f75f7731839d5a0b25130660cbe1ced1c8e772d869c61a9385b4',
    uri: null,
    size: 853,
  },
];

/** Field path, confidence, place on the first page, and text, if there is some. */
const FIELDS: readonly (readonly [string, number, readonly number[], string | null])[] = [
  ['header.nomor_sprint', 0.995, [0.4188, 0.1167, 0.6325, 0.1333], 'Sprin/438/I/KES.8.1./2025'],
  ['header.perihal', 0.745, [0.1709, 0.15, 0.4444, 0.1833], 'Pelaksanaan\ntes kesamaptaan jasmani periodik'],
  ['header.satuan', 0.989, [0.0427, 0.0667, 0.1795, 0.0833], 'Polda Jawa Barat'],
  ['header.tanggal', 0.994, [0.812, 0.6, 0.9402, 0.6167], '20 Januari 2025'],
  [
    'header.dasar[0]',
    0.986,
    [0.1966, 0.2, 0.8547, 0.2167],
    'Undang-Undang Nomor 2 Tahun 2002 tentang Kepolisian Negara Republik Indonesia',
  ],
  [
    'header.dasar[1]',
    0.991,
    [0.1966, 0.2167, 0.6068, 0.2333],
    'Surat Kepala Biro SDM Nomor B/1228/KES.8.1./2025',
  ],
  ['header.untuk[0]', 0.999, [0.1966, 0.5167, 0.4872, 0.5333], 'Menjadi penguji dan pencatat waktu'],
  ['header.untuk[1]', 0.561, [0.1966, 0.5333, 0.4274, 0.55], 'Menyusun rekapitulasi nilai'],
  ['header.untuk[2]', 0.997, [0.1966, 0.55, 0.2564, 0.5667], 'peserta'],
  [
    'header.untuk[3]',
    0.998,
    [0.1966, 0.5667, 0.641, 0.5833],
    'Surat perintah ini berlaku sejak tanggal dikeluarkan',
  ],
  ['personel[0].pangkat', 0.988, [0.0855, 0.35, 0.1282, 0.3667], 'AIPDA'],
  ['personel[0].nrp', 0.701, [0.1709, 0.35, 0.2393, 0.3667], '71911146'],
  ['personel[0].nama', 0.988, [0.3419, 0.35, 0.4359, 0.3667], 'JOKO WIBOWO'],
  ['personel[0].jabatan', 0.991, [0.6325, 0.35, 0.7265, 0.3667], 'BANUM POLDA'],
  ['personel[0].keterangan', 0.988, [0.8632, 0.35, 0.9402, 0.3667], 'KETUA TIM'],
  ['personel[1].pangkat', 0.994, [0.0855, 0.3833, 0.1368, 0.4], 'BRIPKA'],
  ['personel[1].nrp', 0.992, [0.1709, 0.3833, 0.2393, 0.4], '80060198'],
  ['personel[1].nama', 0.995, [0.3419, 0.3833, 0.453, 0.4], 'RATNA MAULANA'],
  ['personel[1].jabatan', 0.799, [0.6325, 0.3833, 0.7863, 0.4], 'PS. KASUBNIT POLDA'],
  ['personel[1].keterangan', 0.993, [0.8632, 0.3833, 0.9573, 0.4], null],
  ['personel[2].pangkat', 0.985, [0.0855, 0.4167, 0.1453, 0.4333], 'BRIGPOL'],
  ['personel[2].nrp', 0.994, [0.1709, 0.4167, 0.2393, 0.4333], '88050209'],
  ['personel[2].nama', 0.572, [0.3419, 0.4167, 0.4444, 0.4333], 'FERI SlREGAR'],
  ['personel[2].jabatan', 0.985, [0.6325, 0.4167, 0.7265, 0.4333], 'BANUM POLDA'],
  ['personel[2].keterangan', 0.999, [0.8632, 0.4167, 0.9573, 0.4333], null],
  ['personel[3].pangkat', 0.995, [0.0855, 0.45, 0.1368, 0.4667], 'BRIPDA'],
  ['personel[3].nrp', 0.969, [0.1709, 0.45, 0.2393, 0.4667], '0502I202'],
  ['personel[3].nama', 0.999, [0.3419, 0.45, 0.4615, 0.4667], 'DADANG SAPUTRA'],
  ['personel[3].jabatan', 0.997, [0.6325, 0.45, 0.7265, 0.4667], 'BANUM POLDA'],
  ['personel[3].keterangan', 0.986, [0.8632, 0.45, 0.9316, 0.4667], 'PENYIDIK'],
  ['personel[4].pangkat', 0.995, [0.0855, 0.4833, 0.1368, 0.5], 'PENGDA'],
  ['personel[4].nrp', 0.533, [0.1709, 0.4833, 0.3248, 0.5], '199B02192021011004'],
  ['personel[4].nama', 0.988, [0.3419, 0.4833, 0.453, 0.5], 'KOMANG KUSUMA'],
  ['personel[4].jabatan', 0.996, [0.6325, 0.4833, 0.7778, 0.5], 'OPERATOR KOMPUTER'],
  ['personel[4].keterangan', 0.994, [0.8632, 0.4833, 0.9573, 0.5], null],
];

/** As the server answers, after corrections of the fields that are named. */
export const fieldsTouched = (...touched: readonly string[]): Record<string, object> =>
  Object.fromEntries(
    FIELDS.map(([path, confidence, bbox, quote]) => [
      path,
      { confidence, page: 1, bbox, ...(quote !== null && { quote }), touched: touched.includes(path) },
    ]),
  );

export const lowestConfidence = 0.533;
