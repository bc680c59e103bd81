/**
 * Two samples of the demo, whose server answers with them. `JSON.stringify` writes them as their lines of the corpus, since they
 * have no number that JavaScript writes in another way.
 */

const orderWith = (nama: string) => ({
  header: {
    nomor_sprint: 'Sprin/28/IV/PAM.3.3./2025',
    perihal: 'Pengamanan unjuk rasa di depan kantor wali kota',
    satuan: 'Ditlantas Polda Bali',
    tanggal: '3 April 2025',
    dasar: [
      'Undang-Undang Nomor 2 Tahun 2002 tentang Kepolisian Negara Republik Indonesia',
      'Surat Telegram Kapolda Nomor ST/1289/PAM.3.3./2025',
    ],
    untuk: [
      'Melaksanakan pengamanan terbuka dan tertutup',
      'Mengutamakan tindakan persuasif dan humanis',
      'Melaporkan hasil pelaksanaan tugas kepada pimpinan',
    ],
  },
  personel: [
    {
      pangkat: 'IPDA',
      nrp: '85020075',
      nama: 'WULAN HERNAWAN, S.E.',
      jabatan: 'KANIT II DITLANTAS',
      keterangan: 'KETUA TIM',
    },
    {
      pangkat: 'AIPDA',
      nrp: '83100559',
      nama: 'YOGI MAHENDRA, S.Kom.',
      jabatan: 'BANIT DITLANTAS',
      keterangan: null,
    },
    {
      pangkat: 'BRIPKA',
      nrp: '82090954',
      nama: 'INDRA ANGGRAINI',
      jabatan: 'BAUR DITLANTAS',
      keterangan: null,
    },
    {
      pangkat: 'PENDA I',
      nrp: '198206242003081319',
      nama: nama,
      jabatan: 'OPERATOR KOMPUTER',
      keterangan: null,
    },
    {
      pangkat: 'PENGATUR',
      nrp: '197705132001091080',
      nama: 'DONI SAEFULLAH',
      jabatan: 'STAF DITLANTAS',
      keterangan: 'SPRIPIM',
    },
  ],
});

/** Approved after a correction. */
export const corrected = {
  job_id: '0195fad9-8898-77fc-b0f1-1aaea86e4e02',
  filename: 'sprint Ditlantas Polda Bali (2).pdf',
  source_kind: 'pdf',
  approved: true,
  reviewed_by: 'm.yusuf',
  reviewed_at: '2025-04-04T03:45:50Z',
  created_at: '2025-04-03T08:51:55.160673Z',
  initial_result: orderWith('TEGUH 5AEFULLAH'),
  final_result: orderWith('TEGUH SAEFULLAH'),
  corrections: [
    {
      field_path: 'personel[3].nama',
      old_value: 'TEGUH 5AEFULLAH',
      new_value: 'TEGUH SAEFULLAH',
      corrected_by: 'm.yusuf',
      reason: null,
      corrected_at: '2025-04-04T03:45:10Z',
    },
  ],
  review_flags: ['stamp_over_text'],
  confidence: 0.86,
};

const approvedOrder = {
  header: {
    nomor_sprint: 'Sprin/423/VI/OPS.1.3./2025',
    perihal: 'Pengaturan arus lalu lintas Operasi "Ketupat 2025"',
    satuan: 'Polres Metro Jakarta Selatan',
    tanggal: '23 Juni 2025',
    dasar: [
      'Undang-Undang Nomor 2 Tahun 2002 tentang Kepolisian Negara Republik Indonesia',
      'Rencana Operasi Nomor R/RENOPS/459/OPS.1.3./2025',
    ],
    untuk: [
      'Mengatur arus mudik pada pos pengamanan',
      'Mencatat jumlah kendaraan setiap 6 jam',
      'Surat perintah ini berlaku sejak tanggal dikeluarkan',
    ],
  },
  personel: [
    {
      pangkat: 'AIPDA',
      nrp: '79050353',
      nama: 'INTAN HERNAWAN',
      jabatan: 'BANIT 3 POLRES',
      keterangan: 'KETUA TIM',
    },
    {
      pangkat: 'BRIPTU',
      nrp: '96060930',
      nama: 'BUDI HIDAYAT, S.Kom.',
      jabatan: 'BAMIN POLRES',
      keterangan: 'PENYIDIK',
    },
    {
      pangkat: 'BRIPTU',
      nrp: '93121259',
      nama: 'TRI NUGROHO',
      jabatan: 'BA POLRES',
      keterangan: null,
    },
    {
      pangkat: 'BRIPDA',
      nrp: '04011302',
      nama: 'IMAM PRASETYO',
      jabatan: 'PS. KASUBNIT POLRES',
      keterangan: 'POS 1',
    },
  ],
};

/** Approved without one. */
export const uncorrected = {
  job_id: '0197ab07-9ba0-777d-b103-78d94837fae3',
  filename: 'Sprin 423 VI 2025 Polres Metro Jakarta Selatan.pdf',
  source_kind: 'pdf',
  approved: true,
  reviewed_by: 'rini.k',
  reviewed_at: '2025-06-27T05:24:27.857662Z',
  created_at: '2025-06-26T06:58:12Z',
  initial_result: approvedOrder,
  final_result: approvedOrder,
  corrections: [],
  review_flags: [],
  confidence: 0.9012,
};
